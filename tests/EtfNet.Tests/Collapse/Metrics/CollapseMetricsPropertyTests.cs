using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Collapse.Metrics;

/// <summary>Laws that the measures obey on any problem.</summary>
public sealed class CollapseMetricsPropertyTests
{
    [SeededProperty(40)]
    public void Of_RotatedScaledAndShiftedFeatures_GivesTheSameShape(int seed)
    {
        using var scope = NewDisposeScope();
        var (features, labels, weight) = Problem(seed);
        var rotation = Sample.Orthonormal(seed + 500, features.shape[1], features.shape[1]);
        var moved = (features.mm(rotation) + Sample.Normal(seed + 600, 1, features.shape[1]) * 10) * 3;
        var one = CollapseMetrics.Of(features, labels, weight);
        var other = CollapseMetrics.Of(moved, labels, weight.mm(rotation) * 0.2);
        foreach (var (name, value) in MeasureNames.Numbers(one))
            if (name is not ("rowProductDeviation" or "globalMeanLogit" or "nc4Mismatch"))
                Close(MeasureNames.Numbers(other).Single(entry => entry.Name == name).Value, value, $"{name}, seed {seed}");
    }

    [SeededProperty(40)]
    public void Of_SamplesInAnotherOrderAndClassesRenamed_GivesTheSame(int seed)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)seed);
        var (features, labels, weight) = Problem(seed);
        var order = randperm(features.shape[0], generator: generator);
        var names = randperm(weight.shape[0], generator: generator);
        var one = CollapseMetrics.Of(features, labels, weight);
        var other = CollapseMetrics.Of(features.index_select(0, order), names.index_select(0, labels.index_select(0, order)),
            zeros_like(weight).index_copy(0, names, weight));
        foreach (var (name, value) in MeasureNames.Numbers(one))
            Close(MeasureNames.Numbers(other).Single(entry => entry.Name == name).Value, value, $"{name}, seed {seed}");
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 8)]
    [InlineData(10, 9)]
    [InlineData(40, 64)]
    public void Of_CollapsedToASimplexFrame_HasItsKnownNumbers(int classes, int width)
    {
        using var scope = NewDisposeScope();
        var frame = SimplexEtf.Create(EtfFrame.DenseRandom(classes), classes, width).ToTensor();
        var metrics = CollapseMetrics.Of((frame * 5 + 2).repeat(3, 1), arange(classes).repeat(3), frame * 0.3, frame.sum([1L]) * -0.6);
        double k = classes;
        Near(metrics.Means.Equinorm, 0);
        Near(metrics.Means.Equiangularity, 0);
        Near(metrics.Means.CosineDeviation, 0);
        Near(metrics.Means.LeastCosine, -1 / (k - 1));
        Near(metrics.Means.GreatestCosine, -1 / (k - 1));
        Near(metrics.Means.GramDeviation, 0);
        Near(metrics.Means.EffectiveRank, k - 1);
        Near(metrics.Means.Distance, Math.Sqrt(2 * k / (k - 1)));
        Near(metrics.Means.LogEnergy, -Math.Log(2 * k / (k - 1)) / 2);
        Near(metrics.Means.RieszEnergy, 1 / Math.Sqrt(2 * k / (k - 1)));
        Near(metrics.Duality!.SelfDuality, 0);
        Near(metrics.Duality.RowCosine, 1);
        Near(metrics.Duality.RowDistance, 0);
        Near(metrics.Duality.RowCosineDeviation, 0);
        Near(metrics.Duality.StructureError, 0);
        Near(metrics.Duality.GlobalMeanLogit, 0);
        Near(metrics.Nc1, 0);
        Near(metrics.WithinShare, 0);
        metrics.Nc1Rank.Should().Be(classes - 1);
        metrics.NccError.Should().Be(0);
        metrics.Missing.Count.Should().Be(0);

        var opposed = CollapseMetrics.Of((frame * 5).repeat(3, 1), arange(classes).repeat(3), -frame);
        Near(opposed.Duality!.SelfDuality, 2);
        Near(opposed.Duality.StructureError, 2);
        Near(opposed.Duality.RowCosine, -1);
        opposed.Nc4Mismatch.Should().Be(1);
    }

    [SeededProperty(60)]
    public void Of_AnyProblem_StaysWithinItsBounds(int seed)
    {
        using var scope = NewDisposeScope();
        var sample = FeatureSample.Random(seed);
        var metrics = CollapseMetrics.Of(sample.Features(), sample.LabelTensor(), Sample.Normal(seed, sample.ClassCount, sample.Width));
        var k = metrics.PresentClasses;
        foreach (var (name, value) in MeasureNames.Numbers(metrics))
            (value is null ? metrics.Missing.ContainsKey(name) : double.IsFinite(value.Value)).Should().BeTrue($"{name}, seed {seed}");
        metrics.WithinShare.Should().BeInRange(0, 1);
        metrics.Means.EffectiveRank.Should().BeInRange(1 - 1e-9, Math.Min(k - 1, sample.Width) + 1e-6);
        metrics.Means.GramDeviation.Should().BeInRange(0, 2);
        metrics.Means.GreatestCosine.Should().BeGreaterThanOrEqualTo(-1.0 / (k - 1) - 1e-9);
        metrics.Means.Distance.Should().BeLessThanOrEqualTo(Math.Sqrt(2.0 * k / (k - 1)) + 1e-9);
        metrics.Duality!.SelfDuality.Should().BeInRange(0, 2);
        metrics.Duality.StructureError.Should().BeInRange(0, 2);
        metrics.ClassErrors!.Confusions.Sum(entry => entry.Count)
            .Should().Be((long)Math.Round(metrics.NccError!.Value * metrics.Scored));
    }

    [Fact]
    public void Of_MeansClosePair_KeepsItsDigits()
    {
        using var scope = NewDisposeScope();
        // Two classes of means 1e-7 apart, at an offset, samples 1e-8 to either side: their CDNV is (1e-16 + 1e-16) / (2 1e-14) = 0.01.
        var offsets = new[] { -1e-8, 1e-8, 1e-7 - 1e-8, 1e-7 + 1e-8, 5, 5 };
        var features = tensor(offsets.SelectMany(x => new[] { 3.0 + x, 1 }).ToArray()).reshape(6, 2);
        var labels = tensor(new long[] { 0, 0, 1, 1, 2, 2 });
        CollapseMetrics.CdnvGrid(Watched.StatisticsOf(features, labels))[0, 1]
            .Should().BeApproximately(0.01, 1e-8, "features themselves are rounded to 4e-16");
        CollapseMetrics.Of(features, labels).Cdnv.Should().BeApproximately(0.01 / 3, 1e-8);
    }

    [Fact]
    public void Of_OverAndOver_LeavesNoTensor()
    {
        using var scope = NewDisposeScope();
        var (features, labels, weight) = Problem(3);
        var bias = zeros(weight.shape[0]);
        var logits = randn(features.shape[0], weight.shape[0]);
        var few = logits.narrow(0, 0, 1);
        Run();
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        Run();
        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(before);

        void Run()
        {
            CollapseMetrics.Of(features, labels, weight, bias, logits).Missing.Count.Should().Be(0);
            CollapseMetrics.Of([(features, labels)], weight, bias).Missing.Count.Should().Be(0);
            CollapseMetrics.Of(Watched.StatisticsOf(features, labels), weight: weight, bias: bias).Cdnv.Should().BePositive();
            FluentActions.Invoking(() => CollapseMetrics.Of(features, labels, weight, bias, few)).Should().Throw<ArgumentException>();
        }
    }

    private static (Tensor Features, Tensor Labels, Tensor Weight) Problem(int seed)
    {
        var random = new Random(seed);
        var (classes, width) = (random.Next(3, 9), random.Next(3, 14));
        var labels = cat([arange(classes).repeat(3), tensor(Enumerable.Range(0,
            random.Next(40)).Select(_ => (long)random.Next(classes)).ToArray(), dtype: int64)]);
        var means = Sample.Normal(seed, classes, width);
        return (means.index_select(0, labels) + Sample.Normal(seed + 1, labels.shape[0], width) * 0.6, labels, Sample.Normal(seed + 2,
            classes, width));
    }

    private static void Near(double? value, double expected) => value.Should().BeApproximately(expected, 1e-9);

    private static void Close(double? value, double? expected, string name) =>
        value.Should().BeApproximately(expected!.Value, 1e-8 * Math.Abs(expected.Value) + 1e-12, name);
}
