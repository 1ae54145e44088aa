namespace EtfNet.Benchmarks.Measuring.Limits;

/// <summary>Bytes a second of a copy over the bytes that it moves: caches make it a curve and not a number.</summary>
/// <param name="points">Bytes moved (read and written) and bytes a second, by ascending bytes.</param>
internal sealed class BandwidthCurve(IReadOnlyList<(double Bytes, double PerSecond)> points)
{
    public IReadOnlyList<(double Bytes, double PerSecond)> Points => points;

    /// <summary>Between two points by the logarithm of the bytes; beyond the ends as at the ends.</summary>
    public double At(double bytes)
    {
        if (bytes <= points[0].Bytes)
            return points[0].PerSecond;
        for (var i = 1; i < points.Count; i++)
        {
            if (bytes > points[i].Bytes)
                continue;
            var share = Math.Log(bytes / points[i - 1].Bytes) / Math.Log(points[i].Bytes / points[i - 1].Bytes);
            return points[i - 1].PerSecond + (share * (points[i].PerSecond - points[i - 1].PerSecond));
        }

        return points[^1].PerSecond;
    }
}
