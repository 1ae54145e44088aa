namespace EtfNet.Benchmarks.Ratios.Monitoring;

/// <summary>The mean without the outer tenths, and its 95% interval (Tukey and McLaughlin 1963: the variance is the winsorized one).</summary>
internal readonly record struct TrimmedMean(double Mean, double Low, double High)
{
    private const double Trimmed = 0.1;

    public double Width => High - Low;

    public static TrimmedMean Of(IReadOnlyCollection<double> samples)
    {
        var sorted = samples.Order().ToArray();
        var cut = (int)(Trimmed * sorted.Length);
        var kept = sorted[cut..(sorted.Length - cut)];
        var winsorized = sorted.Select(value => Math.Clamp(value, kept[0], kept[^1])).ToArray();
        var center = winsorized.Average();
        var deviation = Math.Sqrt(winsorized.Sum(value => (value - center) * (value - center)) / (sorted.Length - 1));
        var half = 1.96 * deviation / ((1 - 2 * Trimmed) * Math.Sqrt(sorted.Length));
        return new TrimmedMean(kept.Average(), kept.Average() - half, kept.Average() + half);
    }
}
