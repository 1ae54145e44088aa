namespace EtfNet;

/// <summary>The 95% score interval of a share (Wilson, 1927).</summary>
internal static class Wilson
{
    private const double Z = 1.959963984540054;

    /// <summary>The interval of <paramref name="hits"/> of <paramref name="count"/>, at least one.</summary>
    public static ErrorInterval Interval(long hits, long count)
    {
        var (n, p, z2) = ((double)count, (double)hits / count, Z * Z);
        var middle = (p + z2 / (2 * n)) / (1 + z2 / n);
        var half = Z / (1 + z2 / n) * Math.Sqrt(p * (1 - p) / n + z2 / (4 * n * n));
        return new(hits == 0 ? 0 : Math.Max(0, middle - half), hits == count ? 1 : Math.Min(1, middle + half));
    }
}
