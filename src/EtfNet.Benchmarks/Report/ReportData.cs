using EtfNet.Benchmarks.Growth;
using EtfNet.Benchmarks.Measuring;
using EtfNet.Benchmarks.Measuring.Limits;

namespace EtfNet.Benchmarks.Report;

/// <summary>Everything that a report says.</summary>
/// <param name="Name">The machine's short name: the report's file name.</param>
/// <param name="Header">Hardware, versions, date, commit, command: names and values.</param>
/// <param name="Limits">What the machine reached.</param>
internal sealed record ReportData(string Name, IReadOnlyList<(string Name, string Value)> Header, MachineLimits Limits)
{
    /// <summary>What the <c>ratios</c> command measured.</summary>
    public IReadOnlyList<RatioLine> Ratios { get; init; } = [];

    /// <summary>Work by section.</summary>
    public IReadOnlyList<(string Section, IReadOnlyList<WorkResult> Results)> Works { get; init; } = [];

    /// <summary>Growth, and the file name of each picture beside the report.</summary>
    public IReadOnlyList<(MeasuredGrowth Growth, string Picture)> Growth { get; init; } = [];
}
