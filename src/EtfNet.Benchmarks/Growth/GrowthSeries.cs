using EtfNet.Benchmarks.Measuring;

namespace EtfNet.Benchmarks.Growth;

/// <summary>How the time of one kind of work grows along an axis.</summary>
/// <param name="Name">The work.</param>
/// <param name="Values">The places on the axis, ascending.</param>
/// <param name="Subject">Makes the subject of a place.</param>
/// <param name="Method">Its method.</param>
internal sealed record GrowthSeries(string Name, IReadOnlyList<int> Values, Func<int, Subject> Subject, string Method);

/// <summary>Series that share an axis and a picture.</summary>
/// <param name="Axis">Width, batch, classes.</param>
/// <param name="Fixed">What stays the same, in words.</param>
/// <param name="Series">The series.</param>
internal sealed record GrowthPlot(string Axis, string Fixed, IReadOnlyList<GrowthSeries> Series);

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

/// <summary>A picture's worth of measured series.</summary>
internal sealed record MeasuredGrowth(GrowthPlot Plot, IReadOnlyList<GrowthCurve> Curves);
