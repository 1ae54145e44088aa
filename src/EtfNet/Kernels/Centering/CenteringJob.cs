namespace EtfNet;

/// <summary>What <see cref="CenteringKernel"/> works on.</summary>
internal struct CenteringJob
{
    /// <summary>The first numbers of input, output and bias; the bias may be 0.</summary>
    public nint X, Y, Bias;

    public CenteringForm Form;

    /// <summary>Where groups, or runs of groups next to each other, begin.</summary>
    public Steps From, To;

    /// <summary>From one number of a group to the next; 1 where a group is one run of memory.</summary>
    public long FromStride, ToStride;

    /// <summary>Whether the output is too large for a cache to hold until it is read.</summary>
    public bool PastCache;

    /// <summary>Groups next to each other; 1 where a group is one run.</summary>
    public long Positions;

    /// <summary>How many of them a piece of work takes, and how many pieces that makes.</summary>
    public long Block, Blocks;
}
