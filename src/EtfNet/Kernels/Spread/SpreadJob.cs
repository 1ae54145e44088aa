namespace EtfNet;

/// <summary>
/// What <see cref="SpreadKernel"/> works on: <c>y = factor (x - left coordinates)</c> at each position of each map.
/// </summary>
internal struct SpreadJob
{
    /// <summary>The first numbers of input, output, coordinates and left factor.</summary>
    public nint X, Y, Coordinates, Left;

    /// <summary>From one map to the next.</summary>
    public long FromMap, ToMap, CoordinatesMap;

    /// <summary>From one channel to the next, and from one row of the left factor to the next.</summary>
    public long FromChannel, CoordinatesChannel, LeftRow;

    /// <summary>The channels of y.</summary>
    public long Outputs;

    /// <summary>The channels of the coordinates.</summary>
    public long Rank;

    /// <summary>The numbers of a channel, each of them a run of memory.</summary>
    public long Positions;

    /// <summary>How many of them a piece of work takes, and how many pieces that makes of a map.</summary>
    public long Block, Blocks;

    public double Factor;
}
