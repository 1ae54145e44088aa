using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Collapse.Subspaces;

/// <summary>Regression collapse, NECO and NC5 against the formulas in numpy, to 1e-9.</summary>
public sealed class GoldenSubspaceTests
{
    [Theory]
    [InlineData("regression")]
    [InlineData("regression-collapsed")]
    [InlineData("regression-one-target")]
    public void RegressionMetrics_GoldenCase_EqualsTheFormulas(string name)
    {
        using var scope = NewDisposeScope();
        var golden = MeasureCase.Load(name);
        var (features, targets, weight) = (golden["features"], golden["targets"], golden["weight"]);
        foreach (var batches in new[] { [(features, targets)], features.split(13L).Zip(targets.split(13L)).ToArray() })
        {
            var metrics = RegressionMetrics.Of(batches, weight);
            var centered = RegressionMetrics.Of(batches, weight, centered: true);
            Close(metrics.Nrc1, golden.Number("nrc1"));
            Close(metrics.Nrc2, golden.Number("nrc2"));
            Close(centered.Nrc1, golden.Number("nrc1Centered"));
            Close(centered.Nrc2, golden.Number("nrc2Centered"));
            Close(metrics.Nrc3, golden.Number("nrc3"));
            // The distance is flat about its least: a search knows its place to half of the digits.
            if (golden.Number("gamma") is { } gamma)
                metrics.Gamma.Should().BeApproximately(gamma, 1e-6 * gamma);
            metrics.Missing.Count.Should().Be(golden.Number("nrc3") is null ? 1 : 0);
            metrics.Observed.Should().Be(features.shape[0]);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void NecoDetector_GoldenCase_EqualsTheFormula(bool standardize)
    {
        using var scope = NewDisposeScope();
        var golden = MeasureCase.Load("out-of-distribution");
        var (train, queries, logits) = (golden["features"], golden["queries"], golden["logits"]);
        var suffix = standardize ? "Standardized" : "";
        foreach (var detector in new[] { NecoDetector.Fit(train, 5, standardize), NecoDetector.Fit(train.split(31L), 5, standardize) })
        {
            Equal(detector.Score(queries), golden.Numbers("neco" + suffix));
            Equal(detector.Score(queries, logits), golden.Numbers("necoLogits" + suffix));
        }

        static void Equal(Tensor scores, double[] expected) =>
            Sample.Max(scores - tensor(expected)).Should().BeLessThan(1e-9);
    }

    [Fact]
    public void OutOfDistributionMetrics_GoldenCase_EqualsTheFormula()
    {
        using var scope = NewDisposeScope();
        var golden = MeasureCase.Load("out-of-distribution");
        var classes = Watched.StatisticsOf(golden["features"], golden["labels"]);
        Close(OutOfDistributionMetrics.Of(classes, golden["other"]).Orthogonality, golden.Number("orthogonality"));
        var other = Watched.StatisticsOf(golden["other"], arange(25) % 3);
        Close(OutOfDistributionMetrics.Of(classes, other).Orthogonality, golden.Number("orthogonality"));
    }

    private static void Close(double? value, double? expected)
    {
        if (expected is null)
            value.Should().BeNull();
        else
            value.Should().BeApproximately(expected.Value, 1e-9 * Math.Abs(expected.Value));
    }
}
