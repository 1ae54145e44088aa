namespace EtfNet;

/// <summary>Ranks cannot work together: the message names the ranks and what differs.</summary>
public sealed class CollectiveException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="error">What went wrong.</param>
    /// <param name="ranks">The ranks concerned; empty if they are not known.</param>
    /// <param name="message">The message.</param>
    /// <param name="innerException">The cause; null if there is none.</param>
    /// <exception cref="ArgumentNullException"><paramref name="ranks"/> is null.</exception>
    public CollectiveException(CollectiveError error, IReadOnlyList<int> ranks, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        ArgumentNullException.ThrowIfNull(ranks);
        Error = error;
        Ranks = ranks;
    }

    /// <summary>Gets what went wrong.</summary>
    public CollectiveError Error { get; }

    /// <summary>Gets the ranks concerned: those that are missing, have left, have failed, or differ from the others.</summary>
    /// <value>Rank numbers in ascending order; empty if they are not known.</value>
    public IReadOnlyList<int> Ranks { get; }

    /// <summary>The same error for a later call.</summary>
    internal CollectiveException Again() => new(Error, Ranks, Message, this);
}
