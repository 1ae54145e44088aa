using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using EtfNet.Benchmarks.Measuring.Limits;

namespace EtfNet.Benchmarks.Measuring;

/// <summary>A column of what a benchmark must move or compute, or of the share of a limit that it reaches.</summary>
/// <param name="name">The head of the column.</param>
/// <param name="legend">What it means.</param>
/// <param name="value">The cell, of the cost and of the mean milliseconds, NaN where the benchmark failed.</param>
internal sealed class CostColumn(string name, string legend, Func<Cost, double, string> value) : IColumn
{
    private const string None = "-";

    /// <summary>All of them.</summary>
    public static IColumn[] All { get; } =
    [
        new CostColumn("Must move", "Bytes that the work must read and write", (cost, _) => Units.Bytes(cost.Bytes)),
        new CostColumn("Operations", "Additions and multiplications that the work must do", (cost, _) => Units.Operations(cost.Operations)),
        new CostColumn("Of copy", "Share of the bandwidth of a copy of as many bytes, measured in this run",
            (cost, milliseconds) => Units.Share(MachineLimits.OfThisRun.OfCopy(cost, milliseconds))),
        new CostColumn("Of GEMM", "Share of the rate of a matrix product, measured in this run",
            (cost, milliseconds) => Units.Share(MachineLimits.OfThisRun.OfGemm(cost, milliseconds))),
    ];

    public string Id => $"{nameof(CostColumn)}.{name}";

    public string ColumnName => name;

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => legend;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
    {
        var mean = summary[benchmarkCase]?.ResultStatistics?.Mean;
        return mean is { } nanoseconds ? value(CostOf(benchmarkCase), nanoseconds / 1e6) : None;
    }

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public bool IsAvailable(Summary summary) => true;

    /// <summary>Asks an object of the benchmark's class with the same parameters, that is not set up.</summary>
    private static Cost CostOf(BenchmarkCase benchmarkCase)
    {
        var method = benchmarkCase.Descriptor.WorkloadMethod;
        using var subject = (Subject)Activator.CreateInstance(benchmarkCase.Descriptor.Type)!;
        foreach (var parameter in benchmarkCase.Parameters.Items)
            subject.GetType().GetProperty(parameter.Name)!.SetValue(subject, parameter.Value);
        return subject.CostOf(method.Name);
    }
}
