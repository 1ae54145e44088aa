using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Collapse.Metrics;

public sealed class ManyClassesTests
{
    private static readonly string[] Quadratic =
    [
        .. new[] { "equiangularity", "cosineDeviation", "leastCosine", "greatestCosine", "gramDeviation" }, .. MeasureNames.Uniformity,
        "cdnv", "structureError",
    ];

    [Fact]
    public void Of_MoreClassesThanTheLimit_LeavesOutOnlyWhatIsQuadratic()
    {
        using var scope = NewDisposeScope();
        var (features, labels, weight) = Problem(1200);
        var metrics = CollapseMetrics.Of(features, labels, weight);
        foreach (var (name, value) in MeasureNames.Numbers(metrics))
        {
            var own = name.StartsWith("classifier", StringComparison.Ordinal) ? char.ToLowerInvariant(name[10]) + name[11..] : name;
            (value is null).Should().Be(Quadratic.Contains(own), name);
        }

        metrics.Missing["cdnv"]
            .Should().Be("1200 classes have 719400 pairs, and PairwiseClassLimit is 1000: raise the limit to measure them, in blocks");
        metrics.Missing["classifierDistance"].Should().Be(metrics.Missing["cdnv"]);
        metrics.Missing.Count.Should().Be(2 * Quadratic.Length - 2);
    }

    [Fact]
    public void Of_RaisedLimit_TakesPairsInBlocks()
    {
        using var scope = NewDisposeScope();
        // More products than a block holds.
        var (features, labels, weight) = Problem(2300);
        var metrics = CollapseMetrics.Of(features, labels, weight,
            options: new CollapseMetricsOptions { PairwiseClassLimit = int.MaxValue });
        metrics.Missing.Count.Should().Be(0);

        var means = features.split(2300L) is [var one, var two] ? (one + two) / 2 : throw new InvalidOperationException();
        var centered = means - means.mean([0L], keepdim: true);
        var unit = centered / centered.norm(1, keepdim: true);
        var cosines = unit.mm(unit.t());
        var pairs = 2300.0 * 2299;
        Close(metrics.Means.Equiangularity, ((cosines + 1.0 / 2299).abs().sum().item<double>() - 2300 * (1 + 1.0 / 2299)) / pairs);
        var variance = (features.split(2300L)[0] - means).square().sum([1L]);
        var squares = centered.square().sum([1L]);
        var distances = squares.unsqueeze(0) + squares.unsqueeze(1) - 2 * centered.mm(centered.t());
        var grid = (variance.unsqueeze(0) + variance.unsqueeze(1)) / (2 * distances.masked_fill(eye(2300, dtype: @bool),
            double.PositiveInfinity));
        Close(metrics.Cdnv, grid.sum().item<double>() / pairs);
        var product = weight.mm(centered.t());
        var ideal = (eye(2300, dtype: float64) - 1.0 / 2300) / Math.Sqrt(2299);
        Close(metrics.Duality!.StructureError, (product / product.norm() - ideal).norm().item<double>());

        static void Close(double? value, double expected) => value.Should().BeApproximately(expected, 1e-8 * expected);
    }

    /// <summary>Two samples a class, each as far from the mean.</summary>
    private static (Tensor Features, Tensor Labels, Tensor Weight) Problem(int classes)
    {
        var (means, spread) = (Sample.Normal(1, classes, 6), Sample.Normal(2, classes, 6) * 0.05);
        return (cat([means + spread, means - spread]), arange(classes).repeat(2), Sample.Normal(3, classes, 6));
    }
}
