namespace EtfNet.Benchmarks.Growth;

/// <summary>The power law nearest to measured points: least squares of the logarithms.</summary>
/// <param name="Exponent">The slope of the log-log line.</param>
/// <param name="Factor">The value at 1.</param>
/// <param name="RSquared">The share of the logarithms' variance that the line explains.</param>
internal readonly record struct PowerFit(double Exponent, double Factor, double RSquared)
{
    /// <param name="points">At least two different positive x, with positive y.</param>
    /// <exception cref="ArgumentException">There are fewer, or a value is not positive.</exception>
    public static PowerFit Of(IReadOnlyList<(double X, double Y)> points)
    {
        if (points.Any(point => !(point is { X: > 0, Y: > 0 } && double.IsFinite(point.X) && double.IsFinite(point.Y))))
            throw new ArgumentException("A power law needs positive values.", nameof(points));
        if (points.Select(point => point.X).Distinct().Count() < 2)
            throw new ArgumentException("A power law needs two points.", nameof(points));

        var (x, y) = (points.Select(point => Math.Log(point.X)).ToArray(), points.Select(point => Math.Log(point.Y)).ToArray());
        var (meanX, meanY) = (x.Average(), y.Average());
        var covariance = x.Zip(y, (a, b) => (a - meanX) * (b - meanY)).Sum();
        var exponent = covariance / x.Sum(a => (a - meanX) * (a - meanX));
        var total = y.Sum(b => (b - meanY) * (b - meanY));
        return new PowerFit(exponent, Math.Exp(meanY - (exponent * meanX)), total == 0 ? 1 : exponent * covariance / total);
    }

    /// <summary>The fit of the upper half of the points, where fixed costs of a call no longer count.</summary>
    public static PowerFit OfUpperHalf(IReadOnlyList<(double X, double Y)> points) =>
        Of([.. points.OrderBy(point => point.X).Skip(Math.Min(points.Count / 2, points.Count - 2))]);
}
