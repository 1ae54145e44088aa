using System.Globalization;

namespace EtfNet.Samples;

/// <summary>Frames as short texts: <c>identity</c>, <c>nearest</c>, <c>random</c>, <c>dense</c>, <c>aligned 20</c>, <c>energy 0.9</c>, <c>means 9</c> (by class means), <c>nearest columns</c>.</summary>
internal static class FrameText
{
    /// <summary>No direction is left out for its number, only for its energy.</summary>
    private const int AnyRank = 1 << 20;

    /// <summary>The frame that a text stands for.</summary>
    /// <param name="text">The text.</param>
    /// <param name="seed">The seed of random frames.</param>
    /// <exception cref="FormatException">The text stands for none.</exception>
    public static EtfFrame Parse(string text, int seed) => text.Split(' ') switch
    {
        ["identity"] => EtfFrame.Identity,
        ["nearest"] => EtfFrame.Nearest,
        ["random"] => EtfFrame.Random(seed),
        ["dense"] => EtfFrame.DenseRandom(seed),
        ["aligned", var rank] => EtfFrame.Aligned(int.Parse(rank, CultureInfo.InvariantCulture)),
        ["means", var rank] => EtfFrame.Aligned(int.Parse(rank, CultureInfo.InvariantCulture)) with { ByClassMeans = true },
        ["nearest", "columns"] => EtfFrame.Nearest.OrColumns,
        ["energy", var share] => EtfFrame.AlignedToEnergy(double.Parse(share, CultureInfo.InvariantCulture), AnyRank),
        _ => throw new FormatException($"'{text}' is no frame."),
    };
}
