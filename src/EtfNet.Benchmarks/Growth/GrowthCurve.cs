namespace EtfNet.Benchmarks.Growth;

/// <summary>A series as it was measured.</summary>
/// <param name="Name">The work.</param>
/// <param name="Points">Places on the axis and median milliseconds.</param>
internal sealed record GrowthCurve(string Name, IReadOnlyList<(double X, double Y)> Points)
{
    /// <summary>Over all points.</summary>
    public PowerFit Fit => PowerFit.Of(Points);

    /// <summary>Over the upper half, where a call's fixed costs no longer count.</summary>
    public PowerFit UpperFit => PowerFit.OfUpperHalf(Points);
}
