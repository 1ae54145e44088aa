namespace EtfNet.Benchmarks.Growth;

/// <summary>A picture's worth of measured series.</summary>
internal sealed record MeasuredGrowth(GrowthPlot Plot, IReadOnlyList<GrowthCurve> Curves);
