namespace EtfNet.Samples;

/// <summary>Frames as text.</summary>
internal static class FrameText
{
    public const string Wanted = "identity, nearest, nearest:columns, random, dense, aligned:RANK, means:RANK or energy:SHARE";

    /// <summary>No direction is left out for its number, only for its energy.</summary>
    private const int AnyRank = 1 << 20;

    /// <summary>The frame; a random one has seed 0.</summary>
    /// <exception cref="FormatException">The text stands for no frame.</exception>
    public static EtfFrame Parse(string text) => text.Split(':') switch
    {
        ["identity"] => EtfFrame.Identity,
        ["nearest"] => EtfFrame.Nearest,
        ["nearest", "columns"] => EtfFrame.Nearest.OrColumns,
        ["random"] => EtfFrame.Random(0),
        ["dense"] => EtfFrame.DenseRandom(0),
        ["aligned", var rank] => EtfFrame.Aligned(int.Parse(rank)),
        ["means", var rank] => EtfFrame.Aligned(int.Parse(rank)) with { ByClassMeans = true },
        ["energy", var share] => EtfFrame.AlignedToEnergy(double.Parse(share), AnyRank),
        _ => throw new FormatException(),
    };

    /// <summary>The frame for one of several layers: a random one has a seed of its own per run and layer.</summary>
    public static EtfFrame ForLayer(this EtfFrame frame, long seed, int index) => frame.Kind switch
    {
        EtfFrameKind.Random => EtfFrame.Random((seed << 16) + index),
        EtfFrameKind.DenseRandom => EtfFrame.DenseRandom((seed << 16) + index),
        _ => frame,
    };
}
