namespace EtfNet;

/// <summary>A frame over the patches of a convolution: the frame except for its factors, and the patches. Together with the stride and
/// padding of the replaced layer, this is all that a plan holds.</summary>
/// <param name="Header">K x d over whole patches, or K x C over their middle pixels: the other taps are zeros then.</param>
/// <param name="Patch">What a patch holds.</param>
internal sealed record PatchFrame(SimplexEtfHeader Header, PatchShape Patch)
{
    /// <summary>Columns of the stored factors of an aligned frame come in multiples of this: convolutions to so many channels run at full
    /// speed.</summary>
    private const long ChannelGroup = 16;

    /// <summary>What the frame looks at: whole patches, or their middle pixels.</summary>
    public PatchShape Seen => IsCentered ? Patch with { Height = 1, Width = 1 } : Patch;

    /// <summary>Whether the frame looks at middle pixels alone.</summary>
    public bool IsCentered => Patch.Taps > 1 && Header.Shape.Columns == Patch.Channels;

    /// <summary>The columns of the stored factors of an aligned frame of a rank: r, the centering, and zeros.</summary>
    public static long FactorWidth(long rank) => (rank + ChannelGroup) / ChannelGroup * ChannelGroup;

    /// <summary>The columns of a random frame: of the middle pixels where they are enough for one, else of whole patches.</summary>
    public static long ColumnsOfRandom(long rows, PatchShape patch) => rows <= patch.Channels + 1 ? patch.Channels : patch.Size;

    /// <summary>Looks for what is wrong with the numbers, wherever they came from.</summary>
    /// <returns>Null if nothing is.</returns>
    public string? Problem()
    {
        if (Patch.Channels < 1 || Patch.Height < 1 || Patch.Width < 1)
            return $"patches of {Patch} hold nothing: channels and kernel sizes must be at least 1";
        if (Patch.Channels > int.MaxValue || Patch.Height > int.MaxValue || Patch.Width > int.MaxValue
            || (double)Patch.Channels * Patch.Height * Patch.Width > int.MaxValue)
            return $"patches of {Patch} are too large";
        if (Header.Problem() is { } problem)
            return problem;
        var columns = Header.Shape.Columns;
        return columns == Patch.Size || columns == Patch.Channels
            ? null
            : $"a frame of {columns} columns does not fit patches of {Patch}: " +
              $"{Patch.Size} columns are over whole patches, {Patch.Channels} over their middle pixels";
    }
}
