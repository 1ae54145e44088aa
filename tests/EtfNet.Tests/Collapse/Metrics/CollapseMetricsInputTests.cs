using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Collapse.Metrics;

/// <summary>Bad input is a typed error; what has no value is null with its reason, never NaN.</summary>
public sealed class CollapseMetricsInputTests
{
    private readonly Tensor _features = Sample.Normal(1, 12, 4);
    private readonly Tensor _labels = arange(12) % 3;

    [Fact]
    public void Of_TensorsThatDoNotFit_AreTypedErrors()
    {
        using var scope = NewDisposeScope();
        Throws<ArgumentNullException>(() => CollapseMetrics.Of((Tensor)null!, _labels), "*features*");
        Throws<ArgumentNullException>(() => CollapseMetrics.Of(_features, null!), "*labels*");
        Throws<ArgumentException>(() => CollapseMetrics.Of(ones(12, 4, int64), _labels), "*'features' is Int64*floating*");
        Throws<ArgumentException>(() => CollapseMetrics.Of(randn(12, 4, 2), _labels), "*(12, 4, 2)*(samples, width)*");
        Throws<ArgumentException>(() => CollapseMetrics.Of(zeros(12, 0), _labels), "*(12, 0)*");
        Throws<ArgumentException>(() => CollapseMetrics.Of(_features, arange(11) % 3), "*'labels' has shape (11)*12 samples*");
        Throws<ArgumentException>(() => CollapseMetrics.Of(_features, ones(12)), "*Float32*Int64*");
        Throws<ArgumentException>(() => CollapseMetrics.Of(_features, ones(12, 3, int64)), "*(12, 3)*");
        Throws<ArgumentException>(() => CollapseMetrics.Of(_features.to(META), _labels), "*meta*");
        Throws<ArgumentOutOfRangeException>(() => CollapseMetrics.Of(_features, _labels - 1), "*Label -1 of sample 0*");
        Throws<ArgumentOutOfRangeException>(() => CollapseMetrics.Of(_features, _labels + (1 << 20)), "*1048576*");
    }

    [Fact]
    public void Of_ClassifierThatDoesNotFit_IsATypedError()
    {
        using var scope = NewDisposeScope();
        var weight = randn(3, 4);
        Throws<ArgumentException>(() => CollapseMetrics.Of(_features, _labels, randn(3, 5)), "*'weight' has shape (3, 5)*(classes, 4)*");
        Throws<ArgumentException>(() => CollapseMetrics.Of(_features, _labels, ones(3, 4, int32)), "*'weight' is Int32*");
        Throws<ArgumentException>(() => CollapseMetrics.Of(_features, _labels, weight / 0), "*'weight'*NaN or an infinity*");
        Throws<ArgumentOutOfRangeException>(() => CollapseMetrics.Of(_features, _labels, randn(2, 4)), "*Label 2*[0, 2)*");
        Throws<ArgumentException>(() => CollapseMetrics.Of(_features, _labels, weight, randn(2)), "*'bias' has shape (2)*(3)*");
        Throws<ArgumentException>(() => CollapseMetrics.Of(_features, _labels, bias: randn(3)), "*bias*without a weight*");
        Throws<ArgumentException>(() => CollapseMetrics.Of(_features, _labels, logits: randn(11, 3)),
            "*'logits' has shape (11, 3)*(12, classes)*");
        Throws<ArgumentException>(() => CollapseMetrics.Of(_features, _labels, logits: ones(12, 3, int64)), "*'logits' is Int64*");
        Throws<ArgumentException>(() => CollapseMetrics.Of(_features, _labels, weight, logits: randn(12, 4)), "*3 classes*4*");
        Throws<ArgumentOutOfRangeException>(() => CollapseMetrics.Of(_features, _labels, logits: randn(12, 2)), "*Label 2*");
        Throws<ArgumentOutOfRangeException>(() => CollapseMetrics.Of(_features, _labels,
            options: new CollapseMetricsOptions { ClassCount = 2 }), "*Label 2*");
        var statistics = Watched.StatisticsOf(_features, _labels);
        Throws<ArgumentException>(() => CollapseMetrics.Of(statistics, weight: randn(3, 5)), "*'weight'*");
        Throws<ArgumentOutOfRangeException>(() => CollapseMetrics.Of(statistics, weight: randn(2, 4)), "*class 2*2 classes*");
        Throws<ArgumentNullException>(() => CollapseMetrics.Of((ClassStatistics)null!), "*statistics*");
    }

    [Fact]
    public void Of_Batches_ThatDoNotFit_AreTypedErrors()
    {
        using var scope = NewDisposeScope();
        Throws<ArgumentException>(() => CollapseMetrics.Of(Array.Empty<(Tensor, Tensor)>()), "*no batch*");
        Throws<ArgumentException>(() => CollapseMetrics.Of([(_features, _labels), (randn(2, 5), arange(2))]), "*(2, 5)*(samples, 4)*");
        var left = 2;
        Throws<InvalidOperationException>(() => CollapseMetrics.Of(Once()), "*first pass gave 12 samples and the second 0*");

        IEnumerable<(Tensor, Tensor)> Once()
        {
            if (left-- == 2)
                yield return (_features, _labels);
        }
    }

    [Fact]
    public void Options_OutOfRange_Throw()
    {
        Throws<ArgumentOutOfRangeException>(() => _ = new CollapseMetricsOptions { ClassCount = 0 }, "*ClassCount*");
        Throws<ArgumentOutOfRangeException>(() => _ = new CollapseMetricsOptions { PairwiseClassLimit = -1 }, "*PairwiseClassLimit*");
        Throws<ArgumentOutOfRangeException>(() => _ = new CollapseMetricsOptions { CdnvExponent = 0 }, "*CdnvExponent*");
        Throws<ArgumentOutOfRangeException>(() => _ = new CollapseMetricsOptions { CdnvExponent = double.NaN }, "*CdnvExponent*");
        Throws<ArgumentOutOfRangeException>(() => _ = new CollapseMetricsOptions { RieszExponent = 0 }, "*LogEnergy*RieszExponent*");
        Throws<ArgumentOutOfRangeException>(() => _ = new CollapseMetricsOptions { RieszExponent = double.NegativeInfinity },
            "*RieszExponent*");
        Throws<ArgumentOutOfRangeException>(() => _ = new CollapseMetricsOptions { Metrics = (CollapseMetricSet)(1 << 20) }, "*Metrics*");
        var statistics = new ClassStatistics(2, tracksScatter: false);
        Throws<ArgumentException>(() => CollapseMetrics.CdnvGrid(statistics), "*scatter*");
        Throws<ArgumentOutOfRangeException>(() => CollapseMetrics.CdnvGrid(new ClassStatistics(2), -1), "*exponent*");
        Throws<ArgumentNullException>(() => CollapseMetrics.CdnvGrid(null!), "*statistics*");
    }

    [Fact]
    public void Of_NotFiniteSamples_AreLeftOutAndCounted()
    {
        using var scope = NewDisposeScope();
        var spoilt = cat([_features, full(2, 4, double.NaN), tensor(new[] { 1, 2, double.PositiveInfinity, 0 }).unsqueeze(0)]);
        var labels = cat([_labels, tensor(new long[] { 0, 2, 1 })]);
        var weight = Sample.Normal(4, 3, 4);
        var clean = CollapseMetrics.Of(_features, _labels, weight);
        CollapseMetrics.Of(spoilt, labels, weight).Should().Be(clean with { NonFinite = 3 });
        CollapseMetrics.Of(spoilt.split(4L).Zip(labels.split(4L)).ToArray(), weight).NonFinite.Should().Be(3);
        CollapseMetrics.Of(_features, _labels, logits: full(12, 3, double.NaN)).Missing["nc4Mismatch"].Should().Contain("no finite logits");
    }

    [Fact]
    public void Of_IntegerOrHalfTypes_FollowTheRule()
    {
        using var scope = NewDisposeScope();
        CollapseMetrics.Of(_features.to(ScalarType.BFloat16), _labels.to(int32)).Cdnv.Should().BePositive();
        CollapseMetrics.Of(_features.to(ScalarType.Float16), _labels).Cdnv.Should().BePositive();
        CollapseMetrics.Of(_features.t().contiguous().t(), _labels)
            .Should().Be(CollapseMetrics.Of(_features, _labels), "strides do not matter");
        CollapseMetrics.Of(_features.clone().requires_grad_(true), _labels).Should().Be(CollapseMetrics.Of(_features, _labels));
    }

    private static void Throws<TException>(Action action, string message)
        where TException : Exception => action.Should().Throw<TException>().WithMessage(message);
}
