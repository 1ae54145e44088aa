using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Collapse.Measurement;

/// <summary>NC1 from few directions, by projections, to as many as there are features, by a covariance.</summary>
public sealed class PseudoInverseVariabilityTests
{
    [Fact]
    public void Value_AnyNumberOfClassesAndBatches_EqualsTheFormula()
    {
        foreach (var width in new[] { 1, 2, 3, 8, 13, 40 })
            for (var classes = 2; classes < 2 * width + 3; classes++)
            {
                using var scope = NewDisposeScope();
                var (features, labels) = Problem(classes, width, 5 * classes);
                var statistics = Statistics(features, labels);
                foreach (var batch in new[] { labels.Length, 7 })
                    Close(Value(statistics, features, labels, batch), Formula(features, labels), 1e-9,
                        $"{classes} classes of width {width}");
            }
    }

    [Fact]
    public void Value_MoreSamplesThanABlock_EqualsTheFormula()
    {
        using var scope = NewDisposeScope();
        foreach (var classes in new[] { 3, 30 })
        {
            var (features, labels) = Problem(classes, 12, 2500);
            Close(Value(Statistics(features, labels), features, labels, labels.Length), Formula(features, labels), 1e-9,
                $"{classes} classes");
        }
    }

    [Fact]
    public void Value_FeaturesOfVeryDifferentSizes_IsAsOfEqualOnes()
    {
        using var scope = NewDisposeScope();
        // NC1 does not change where features are scaled; eigenvalues of Sb as small as 1e-12 of the greatest would lose its digits.
        var (features, labels) = Problem(30, 7, 300);
        var scaled = features * tensor(Enumerable.Range(0, 7).Select(i => Math.Pow(10, -i)).ToArray());
        var expected = Value(Statistics(features, labels), features, labels, 100);
        Close(Value(Statistics(scaled, labels), scaled, labels, 100), expected!.Value, 1e-7, "scaled");
    }

    [Fact]
    public void Value_FarFromTheOrigin_KeepsItsDigits()
    {
        using var scope = NewDisposeScope();
        foreach (var classes in new[] { 3, 30 })
        {
            var (features, labels) = Problem(classes, 8, 300);
            var moved = features + 1e6;
            Close(Value(Statistics(moved, labels), moved, labels, 50), Formula(features, labels), 1e-7, $"{classes} classes");
        }
    }

    [Fact]
    public void Merge_OfParts_EqualsTheWhole()
    {
        using var scope = NewDisposeScope();
        foreach (var classes in new[] { 3, 30 })
        {
            var (features, labels) = Problem(classes, 8, 300);
            var statistics = Statistics(features, labels);
            using var first = PseudoInverseVariability.Create(statistics)!;
            using var second = PseudoInverseVariability.Create(statistics)!;
            first.Add(features.narrow(0, 0, 110), labels[..110]);
            second.Add(features.narrow(0, 110, 190), labels[110..]);
            first.Merge(second);
            Close(first.Value, Formula(features, labels), 1e-9, $"{classes} classes");
        }
    }

    [Fact]
    public void Add_NotFiniteUnlabeledOrUnknown_AreLeftOut()
    {
        using var scope = NewDisposeScope();
        foreach (var classes in new[] { 3, 30 })
            foreach (var bad in new[] { double.NaN, double.PositiveInfinity, double.NegativeInfinity, 1e200 })
            {
                var (features, labels) = Problem(classes, 8, 300);
                var statistics = Statistics(features, labels);
                var more = features.index_select(0, tensor(new long[] { 0, 1, 2, 3 })).clone();
                more[0, 3] = bad;
                using var variability = PseudoInverseVariability.Create(statistics)!;
                variability.Add(more, [labels[0], -1, classes, int.MaxValue]);
                variability.Value.Should().BeNull("none of them counts");
                variability.Add(features, labels);
                Close(variability.Value, Formula(features, labels), 1e-9, $"{classes} classes, {bad}");
            }
    }

    [Fact]
    public void Add_OverAndOver_LeavesNoTensor()
    {
        using var scope = NewDisposeScope();
        var (features, labels) = Problem(30, 8, 300);
        var statistics = Statistics(features, labels);
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        Value(statistics, features, labels, 50).Should().BePositive();
        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(before);
    }

    private static void Close(double? value, double expected, double tolerance, string what) =>
        value.Should().BeApproximately(expected, tolerance * (expected + 1e-9), what);

    private static double? Value(ClassStatistics statistics, Tensor features, int[] labels, int batch)
    {
        using var variability = PseudoInverseVariability.Create(statistics)!;
        for (var start = 0; start < labels.Length; start += batch)
        {
            var count = Math.Min(batch, labels.Length - start);
            using var part = features.narrow(0, start, count);
            variability.Add(part, labels[start..(start + count)]);
        }

        return variability.Value;
    }

    /// <summary>With C the centered means, <c>Sb = C^T C / P</c>, and the trace is the mean over samples of <c>|pinv(C)^T (h -
    /// m_c)|^2</c>.</summary>
    private static double Formula(Tensor features, int[] labels)
    {
        var (own, count) = (tensor(Array.ConvertAll(labels, label => (long)label)), labels.Max() + 1);
        var hot = nn.functional.one_hot(own, count).to(float64);
        var means = hot.t().mm(features) / hot.sum(0L).unsqueeze(1);
        var deviations = features - means.index_select(0, own);
        return deviations.mm(linalg.pinv(means - means.mean([0L], keepdim: true))).square().sum().item<double>() / labels.Length;
    }

    private static ClassStatistics Statistics(Tensor features, int[] labels)
    {
        var statistics = new ClassStatistics((int)features.shape[1]);
        statistics.Add(features, tensor(Array.ConvertAll(labels, label => (long)label)));
        return statistics;
    }

    /// <summary>Samples about class means, every class present.</summary>
    private static (Tensor Features, int[] Labels) Problem(int classes, int width, int samples)
    {
        var labels = Enumerable.Range(0, samples).Select(i => i % classes).ToArray();
        var means = Sample.Normal(classes, classes, width).index_select(0, tensor(Array.ConvertAll(labels, label => (long)label)));
        return (means + Sample.Normal(width, samples, width) * 0.3, labels);
    }
}
