using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Collapse.Metrics;

public sealed class CollapseMetricsTests
{
    [SeededProperty(200)]
    public void Create_RandomProblems_EqualsBruteForce(int seed)
    {
        using var scope = NewDisposeScope();
        var sample = FeatureSample.Random(seed);
        var statistics = new ClassStatistics(sample.Width);
        statistics.Add(sample.Features(), sample.LabelTensor());
        var metrics = Of(statistics, CollapseMetricSet.All);

        var present = sample.Present;
        var count = present.Length;
        var means = present.Select(c => sample.Mean(c)).ToArray();
        var center = Enumerable.Range(0, sample.Width).Select(j => means.Average(mean => mean[j])).ToArray();
        var centered = means.Select(mean => mean.Zip(center, (m, g) => m - g).ToArray()).ToArray();
        var norms = centered.Select(row => Math.Sqrt(row.Sum(value => value * value))).ToArray();
        var variances = present.Select((c, k) => Enumerable.Range(0, sample.Rows.Length)
            .Where(i => sample.Labels[i] == c).Average(i => FeatureSample.SquaredDistance(sample.Row(i), means[k]))).ToArray();
        var pairs = (from a in Enumerable.Range(0, count) from c in Enumerable.Range(a + 1, count - a - 1) select (a, c)).ToArray();
        double Dot(int a, int c) => centered[a].Zip(centered[c], (x, y) => x * y).Sum();

        Close(metrics.Means.Equinorm, Math.Sqrt(norms.Average(norm => Math.Pow(norm - norms.Average(), 2))) / norms.Average());
        Close(metrics.Means.Equiangularity,
            pairs.Average(pair => Math.Abs(Dot(pair.a, pair.c) / (norms[pair.a] * norms[pair.c]) + 1.0 / (count - 1))));
        Close(metrics.Cdnv, pairs.Average(pair =>
            (variances[pair.a] + variances[pair.c]) / (2 * FeatureSample.SquaredDistance(means[pair.a], means[pair.c]))));
        var within = present.Select((c, k) => variances[k] * sample.Labels.Count(label => label == c)).Sum() / sample.Rows.Length;
        Close(metrics.TraceQuotient, within / norms.Average(norm => norm * norm));
        var gram = Enumerable.Range(0, count)
            .SelectMany(a => Enumerable.Range(0, count).Select(c => (a, c, Value: Dot(a, c)))).ToArray();
        var size = Math.Sqrt(gram.Sum(entry => entry.Value * entry.Value));
        Close(metrics.Means.GramDeviation, Math.Sqrt(gram.Sum(entry =>
            Math.Pow(entry.Value / size - ((entry.a == entry.c ? 1 : 0) - 1.0 / count) / Math.Sqrt(count - 1), 2))));

        // An exact zero has no digits to be relative to.
        void Close(double? value, double expected) =>
            value.Should().BeApproximately(expected, 1e-6 * Math.Abs(expected) + 1e-9, $"seed {seed}");
    }

    [SeededProperty(200)]
    public void PseudoInverse_RandomProblems_EqualsTheFullMatrices(int seed)
    {
        using var scope = NewDisposeScope();
        var sample = FeatureSample.Random(seed);
        var features = sample.Features();
        var statistics = new ClassStatistics(sample.Width);
        statistics.Add(features, sample.LabelTensor());
        using var variability = PseudoInverseVariability.Create(statistics)!;
        foreach (var (part, labels) in features.split(11L).Zip(sample.Labels.Chunk(11)))
            variability.Add(part, labels);

        var means = tensor(sample.Present.SelectMany(c => sample.Mean(c)).ToArray(), float64).reshape(-1, sample.Width);
        var centered = means - means.mean([0L], keepdim: true);
        var own = means.index_select(0, tensor(sample.Labels.Select(label => (long)Array.IndexOf(sample.Present, label)).ToArray()));
        var within = features.to(float64) - own;
        var (values, vectors) = linalg.eigh(centered.t().mm(centered) / sample.Present.Length);
        var kept = values > values.max() * (sample.Width * 2.220446049250313e-16);
        var inverse = where(kept, 1 / values, zeros_like(values));
        var projected = within.mm(vectors);
        var expected = (projected.square() * inverse).sum().item<double>() / sample.Rows.Length / sample.Present.Length;

        if (variability.Rank == kept.sum().item<long>())
            variability.Value.Should().BeApproximately(expected, 1e-6 * expected + 1e-20, $"seed {seed}");
        else
            // Eigenvalues of the formed matrix drown below 1e-16; the projections still see directions there.
            (values[^1] / values.max()).item<double>().Should().BePositive();
        variability.Rank.Should().BeLessThanOrEqualTo(Math.Min(sample.Present.Length - 1, sample.Width));
    }

    [Fact]
    public void Create_SimplexFrameOfMeans_AllDeviationsAreZero()
    {
        using var scope = NewDisposeScope();
        var frame = eye(5) - full(5, 5, 0.2f);
        var statistics = new ClassStatistics(5);
        statistics.Add((frame * 3 + 100).repeat(4, 1), arange(5).repeat(4));
        var metrics = Of(statistics, CollapseMetricSet.All);
        metrics.Means.Equinorm.Should().BeLessThan(1e-5);
        metrics.Means.Equiangularity.Should().BeLessThan(1e-5);
        metrics.Means.GramDeviation.Should().BeLessThan(1e-5);
        metrics.Cdnv.Should().BeLessThan(1e-10);
        DualityMeasurement.SelfDuality(statistics, frame * 7).Should().BeLessThan(1e-5);
        DualityMeasurement.SelfDuality(statistics, -frame).Should().BeApproximately(2, 1e-5);
    }

    [Fact]
    public void Create_ManyClasses_EqualsOneBlock()
    {
        // More classes than rows of a Gram block: a scaled copy of a sphere's points has the same angles.
        using var scope = NewDisposeScope();
        var random = new Generator(3);
        var means = randn(700, 6, generator: random);
        var statistics = new ClassStatistics(6);
        statistics.Add(means, arange(700));
        var metrics = Of(statistics, CollapseMetricSet.Means);

        var centered = means.to(float64) - means.to(float64).mean([0L], keepdim: true);
        var unit = centered / centered.norm(1, keepdim: true);
        var off = (unit.mm(unit.t()) + 1.0 / 699).abs();
        var expected = (off.sum() - off.diagonal().sum()).item<double>() / (700 * 699);
        metrics.Means.Equiangularity.Should().BeApproximately(expected, 1e-12);
        random.Dispose();
    }

    [Fact]
    public void Create_PartOfTheMetrics_LeavesTheOthersOut()
    {
        using var scope = NewDisposeScope();
        var (features, labels) = (Sample.Normal(1, 20, 3), arange(20) % 2);
        var statistics = new ClassStatistics(3);
        statistics.Add(features, labels);
        var all = Of(statistics, CollapseMetricSet.All);
        var means = Of(statistics, CollapseMetricSet.Means);
        var variability = Of(statistics, CollapseMetricSet.Variability);

        (means.Means, means.Cdnv, means.TraceQuotient).Should().Be((all.Means with
        {
            EffectiveRank = null,
            Distance = null,
            DistanceDeviation = null,
            LogEnergy = null,
            LogEnergyDeviation = null,
            RieszEnergy = null,
            RieszEnergyDeviation = null,
        }, null, null));
        (variability.Means, variability.Cdnv, variability.TraceQuotient, variability.WithinShare)
            .Should().Be((new FrameMetrics { Points = 2 }, all.Cdnv, all.TraceQuotient, all.WithinShare));
        var ofMeans = new[] { all.Means.Equinorm, all.Means.GramDeviation, all.Means.EffectiveRank, all.Means.LogEnergy };
        ofMeans.Should().NotContainNulls();
        new[] { all.Cdnv, all.TraceQuotient, all.WithinShare }.Should().NotContainNulls();
        means.Missing.Keys.Should().Equal("nccError");

        var unscattered = new ClassStatistics(3, tracksScatter: false);
        unscattered.Add(features, labels);
        Of(unscattered, CollapseMetricSet.Variability).Missing["cdnv"].Should().Contain("scatter");
        Of(unscattered, CollapseMetricSet.All).Cdnv.Should().BeNull();
    }

    [Fact]
    public void Create_TwoClassesWithTheSameMean_HaveNoCdnvAndSaySo()
    {
        using var scope = NewDisposeScope();
        var statistics = new ClassStatistics(1);
        statistics.Add(tensor(new[] { 1f, 3, 1, 3, 7 }).reshape(5, 1), tensor(new long[] { 0, 0, 1, 1, 2 }));
        var metrics = Of(statistics, CollapseMetricSet.Variability);
        metrics.Cdnv.Should().BeNull();
        metrics.Missing["cdnv"].Should().Be("classes 0 and 1 have the same mean: their distance is 0");
        metrics.TraceQuotient.Should().BePositive();
        CollapseMetrics.CdnvGrid(statistics)[0, 1].Should().Be(double.PositiveInfinity);
        CollapseMetrics.CdnvGrid(statistics)[1, 2].Should().BePositive();
    }

    [Fact]
    public void SelfDuality_AbsentClasses_ComparesTheRowsOfTheOthers()
    {
        using var scope = NewDisposeScope();
        var statistics = new ClassStatistics(2);
        // Means (2, 0) and (0, 2) of classes 0 and 2, centered (1, -1) and (-1, 1).
        statistics.Add(tensor(new[] { 2f, 0, 0, 2 }).reshape(2, 2), tensor(new long[] { 0, 2 }));
        var dual = tensor(new[] { 3.0, -3, 99, 99, -3, 3 }).reshape(3, 2);
        DualityMeasurement.SelfDuality(statistics, dual).Should().BeApproximately(0, 1e-15);
        DualityMeasurement.SelfDuality(statistics, ones(5, 2))
            .Should().BeApproximately(Math.Sqrt(2), 1e-6, "orthogonal and both of norm 1");
        DualityMeasurement.SelfDuality(statistics, dual.narrow(0, 0, 2)).Should().BeNull("there is no row for class 2");
        DualityMeasurement.SelfDuality(statistics, ones(3, 4)).Should().BeNull("the width is another");
        statistics.Reset();
        DualityMeasurement.SelfDuality(statistics, dual).Should().BeNull("no class is present");
    }

    [Fact]
    public void PseudoInverse_NotFiniteOrNoSamples_AreLeftOut()
    {
        using var scope = NewDisposeScope();
        var statistics = new ClassStatistics(2);
        // Class means (1, 0) and (-1, 0) of classes 1 and 3: Sb = diag(1, 0).
        statistics.Add(tensor(new[] { 1f, 0, -1, 0 }).reshape(2, 2), tensor(new long[] { 1, 3 }));
        using var variability = PseudoInverseVariability.Create(statistics)!;
        variability.Rank.Should().Be(1);
        variability.Value.Should().BeNull("no sample came");
        // Squared deviations 4, 1 and 0 along the one direction, mean 5/3, over two classes.
        variability.Add(tensor(new[] { 3f, 5, float.NaN, 0, -2, 7, 1, 1 }).reshape(4, 2), [1, 1, 3, 1]);
        variability.Value.Should().BeApproximately(5.0 / 6, 1e-12);
    }

    [Fact]
    public void Create_OverAndOver_LeavesNoTensor()
    {
        using var scope = NewDisposeScope();
        var sample = FeatureSample.Random(4);
        var statistics = new ClassStatistics(sample.Width);
        var (features, weight) = (sample.Features(), ones(20, sample.Width));
        statistics.Add(features, sample.LabelTensor());
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        Of(statistics, CollapseMetricSet.All);
        DualityMeasurement.SelfDuality(statistics, weight).Should().NotBeNull();
        using (var variability = PseudoInverseVariability.Create(statistics)!)
            variability.Add(features, sample.Labels);
        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(before);
    }

    [Fact]
    public void Create_OneClass_HasNothingToMeasure()
    {
        using var scope = NewDisposeScope();
        var statistics = new ClassStatistics(3);
        statistics.Add(ones(4, 3), zeros(4, int64));
        var metrics = Of(statistics, CollapseMetricSet.All);
        MeasureNames.Numbers(metrics).Should().OnlyContain(entry => entry.Value == null);
        metrics.Missing["equinorm"].Should().Be("1 class has samples; wanted at least 2");
        PseudoInverseVariability.Create(statistics).Should().BeNull();
    }

    private static CollapseMetrics Of(ClassStatistics statistics, CollapseMetricSet metrics) =>
        CollapseMetrics.Of(statistics, options: new CollapseMetricsOptions { Metrics = metrics });
}
