using System.Text.Json;
using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Collapse.Metrics;

/// <summary>Every measure against the formulas in numpy, to 1e-9.</summary>
public sealed class GoldenMeasureTests
{
    // Numbers that are themselves a share of a scale; the others have an absolute rounding of the frame's own size.
    private static readonly string[] Relative = ["nc1", "traceQuotient", "withinShare", "cdnv"];

    public static TheoryData<string> Cases => [.. MeasureCase.Names];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Of_Tensors_EqualsTheFormulas(string name)
    {
        using var scope = NewDisposeScope();
        var golden = MeasureCase.Load(name);
        var metrics = CollapseMetrics.Of(golden["features"], golden["labels"], golden["weight"], golden["bias"]);
        ShouldEqual(metrics, golden);
        metrics.Scored.Should().Be(golden["labels"].shape[0]).And.Be(metrics.Observed);
        var highest = metrics.ClassErrors!.Count;
        metrics.ClassErrors.Should().Equal(golden.Expected.GetProperty("classErrors").EnumerateArray().Take(highest)
            .Select(error => error.ValueKind == JsonValueKind.Null ? (double?)null : error.GetDouble()));
        metrics.ClassErrors!.Confusions.Select(entry => new[] { entry.Label, entry.Center, entry.Count }).SelectMany(entry => entry)
            .Should().Equal(
            golden.Expected.GetProperty("confusions").EnumerateArray()
                .SelectMany(entry => entry.EnumerateArray().Select(value => value.GetInt64())));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Of_Batches_EqualsTheFormulas(string name)
    {
        using var scope = NewDisposeScope();
        var golden = MeasureCase.Load(name);
        var batches = golden["features"].split(17L).Zip(golden["labels"].split(17L)).ToArray();
        ShouldEqual(CollapseMetrics.Of(batches, golden["weight"], golden["bias"]), golden);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Of_MergedStatisticsAndScores_EqualsTheFormulas(string name)
    {
        using var scope = NewDisposeScope();
        var golden = MeasureCase.Load(name);
        var (features, labels, weight, bias) = (golden["features"], golden["labels"], golden["weight"], golden["bias"]);
        var logits = features.to(float64).mm(weight.to(float64).t()) + bias.to(float64);
        var statistics = new ClassStatistics((int)features.shape[1]);
        var parts = features.split(29L).Zip(labels.split(29L), logits.split(29L)).ToArray();
        foreach (var (x, y, _) in parts)
        {
            var part = new ClassStatistics((int)features.shape[1]);
            part.Add(x, y);
            statistics.Merge(part);
        }

        using var scores = NccScores.Within(statistics);
        foreach (var (x, y, z) in parts)
        {
            using var part = NccScores.Within(statistics.Clone());
            part.Add(x, y, z);
            scores.Merge(part);
        }

        ShouldEqual(CollapseMetrics.Of(statistics, scores, weight, bias), golden);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Of_NothingLeftOut_IsThePlainError(string name)
    {
        using var scope = NewDisposeScope();
        var golden = MeasureCase.Load(name);
        var metrics = CollapseMetrics.Of(golden["features"], golden["labels"], options: new CollapseMetricsOptions { LeaveOneOut = false });
        metrics.NccError.Should().Be(golden.Number("plainNccError"));
        metrics.ClassErrors!.Balanced.Should().BeInRange(0, 1);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Cdnv_SquaredAndItsGrid_EqualsTheFormula(string name)
    {
        using var scope = NewDisposeScope();
        var golden = MeasureCase.Load(name);
        var statistics = Watched.StatisticsOf(golden["features"], golden["labels"]);
        var metrics = CollapseMetrics.Of(golden["features"], golden["labels"], options: new CollapseMetricsOptions { CdnvExponent = 2 });
        Close(metrics.Cdnv, golden.Number("cdnvSquared"), "cdnv", 0);
        if (golden.Number("cdnv") is not { } expected)
            return;
        var grid = CollapseMetrics.CdnvGrid(statistics);
        var count = grid.Classes.Count;
        Close(grid.ToTensor().sum().item<double>() / (count * (count - 1.0)), expected, "grid", 0);
        grid[grid.Classes[0], grid.Classes[^1]].Should().Be(grid.ToTensor()[count - 1, 0].item<double>());
    }

    private static void ShouldEqual(CollapseMetrics metrics, MeasureCase golden)
    {
        foreach (var (name, value) in MeasureNames.Numbers(metrics))
            if (name is "nccError" or "nc4Mismatch")
                value.Should().Be(golden.Number(name), name);
            else if (name != "balancedNccError")
                Close(value, golden.Number(name), name, Relative.Contains(name) ? 0 : 1e-13);
        metrics.Nc1Rank.Should().Be((int?)golden.Number("nc1Rank"));
        metrics.Missing.Keys
            .Should().BeEquivalentTo(MeasureNames.Numbers(metrics).Where(entry => entry.Value is null).Select(entry => entry.Name));
        metrics.PresentClasses.Should().Be(golden.Numbers("counts").Count(count => count > 0));
    }

    private static void Close(double? value, double? expected, string name, double floor)
    {
        if (expected is null)
            value.Should().BeNull(name);
        else
            value.Should().BeApproximately(expected.Value, 1e-9 * Math.Abs(expected.Value) + floor, name);
    }
}
