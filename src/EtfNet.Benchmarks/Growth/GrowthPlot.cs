namespace EtfNet.Benchmarks.Growth;

/// <summary>Series that share an axis and a picture.</summary>
/// <param name="Axis">Width, batch, classes.</param>
/// <param name="Fixed">What stays the same, in words.</param>
/// <param name="Series">The series.</param>
internal sealed record GrowthPlot(string Axis, string Fixed, IReadOnlyList<GrowthSeries> Series);
