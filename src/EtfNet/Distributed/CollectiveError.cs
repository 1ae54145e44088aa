namespace EtfNet;

/// <summary>Why ranks cannot work together, or can no longer do so.</summary>
public enum CollectiveError
{
    /// <summary>The MPI library is not installed, or does not load.</summary>
    LibraryMissing,

    /// <summary>The MPI library is not Open MPI, or is a version with another binary interface.</summary>
    LibraryUnsupported,

    /// <summary>MPI does not allow calls from more than one thread, not even one at a time.</summary>
    ThreadLevel,

    /// <summary>There is only one rank: the program was not started by <c>mpirun</c>, or was started by the <c>mpirun</c> of another
    /// MPI.</summary>
    OneRank,

    /// <summary>A rank did not make its call within the time allowed.</summary>
    Timeout,

    /// <summary>The ranks made different calls: other kinds, lengths, roots or purposes.</summary>
    CallsDiffer,

    /// <summary>A rank has left while others still make calls: its data ended early, or it ended with an error of its own.</summary>
    RankLeft,

    /// <summary>A rank failed with an exception.</summary>
    RankFailed,

    /// <summary>The ranks differ in something that must be the same: parameters, their values, or plans.</summary>
    ValuesDiffer,

    /// <summary>MPI reported an error.</summary>
    Transport,
}
