using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Collapse.Metrics;

public sealed class CollapseMetricsDegenerateTests
{
    private static readonly string[] Classifier =
        [.. MeasureNames.Shape, .. MeasureNames.Uniformity, .. MeasureNames.Rank, .. MeasureNames.SelfDuality, .. MeasureNames.Structure];

    [Fact]
    public void Of_NoSample_HasNoNumberAndSaysWhy()
    {
        using var scope = NewDisposeScope();
        foreach (var metrics in new[]
        {
            CollapseMetrics.Of(zeros(0, 3), zeros(0, int64)),
            CollapseMetrics.Of(full(4, 3, float.NaN), zeros(4, int64)),
            CollapseMetrics.Of(new ClassStatistics(3)),
        })
        {
            OnlyReasons(metrics);
            metrics.Missing["cdnv"].Should().Be("there is no sample");
            metrics.Missing["nccError"].Should().Be("there is no sample");
            metrics.PresentClasses.Should().Be(0);
        }
    }

    [Fact]
    public void Of_OneSample_HasAnErrorAndNothingElse()
    {
        using var scope = NewDisposeScope();
        var metrics = CollapseMetrics.Of(ones(1, 3), zeros(1, int64));
        metrics.NccError.Should().Be(1, "left out, its class has no center");
        OnlyReasons(metrics, "nccError", "balancedNccError");
        metrics.Missing["equinorm"].Should().Be("1 class has samples; wanted at least 2");
        metrics.ClassErrors!.Confusions.Should().Equal(new CenterConfusion(0, -1, 1));
    }

    [Fact]
    public void Of_OneClass_HasNoGeometryButItsClassifierHas()
    {
        using var scope = NewDisposeScope();
        var metrics = CollapseMetrics.Of(Sample.Normal(1, 9, 4), zeros(9, int64), Sample.Normal(2, 3, 4));
        metrics.NccError.Should().Be(0);
        metrics.Classifier!.Equinorm.Should().BePositive();
        metrics.Duality!.GlobalMeanLogit.Should().BePositive();
        metrics.Duality.SelfDuality.Should().BeNull();
        metrics.Missing["selfDuality"].Should().Be("1 class has samples; wanted at least 2");
        metrics.Missing.Keys.Should().Contain("nc1").And.NotContain("globalMeanLogit");
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(0.1f)]
    [InlineData(-3e6f)]
    public void Of_ConstantFeatures_HaveNoGeometryWhateverTheirRounding(float value)
    {
        using var scope = NewDisposeScope();
        var (features, labels) = (full(61, 5, value), cat([zeros(7, int64), ones(50, int64), full(4, 2L, int64)]));
        var statistics = new ClassStatistics(5, tracksScatter: false);
        statistics.Add(features, labels);
        foreach (var metrics in new[] { CollapseMetrics.Of(features, labels), CollapseMetrics.Of(statistics),
            CollapseMetrics.Of(Watched.StatisticsOf(features, labels)) })
        {
            OnlyReasons(metrics, "nccError", "balancedNccError");
            metrics.Missing["gramDeviation"].Should().Be("all class means are the same");
        }

        CollapseMetrics.Of(features, labels).Missing["withinShare"].Should().Be("all features are the same");
        CollapseMetrics.Of(features, labels).Missing["nc1"].Should().Be("all class means are the same");
    }

    [Fact]
    public void Of_MeansOfOneValueButSpreadSamples_HaveAWithinShareOf1()
    {
        using var scope = NewDisposeScope();
        var metrics = CollapseMetrics.Of(tensor(new[] { -1.0, 1, -2, 2 }).reshape(4, 1), tensor(new long[] { 0, 0, 1, 1 }));
        metrics.WithinShare.Should().Be(1);
        metrics.Cdnv.Should().BeNull();
        metrics.TraceQuotient.Should().BeNull();
    }

    [Fact]
    public void Of_AMeanAtTheMeanOfMeans_HasNoCosinesButAllElse()
    {
        using var scope = NewDisposeScope();
        // Three means on a line: the middle one has no direction.
        var features = tensor(new[] { -1.0, 0, 1, 5, 5, 5 }).reshape(2, 3).t().contiguous();
        var metrics = CollapseMetrics.Of(features.repeat(2, 1), arange(6) % 3, eye(3, 2));
        metrics.Means.Equinorm.Should().BeApproximately(Math.Sqrt(2.0 / 9) / (2.0 / 3), 1e-12);
        metrics.Means.GramDeviation.Should().BePositive();
        metrics.Means.EffectiveRank.Should().BeApproximately(1, 1e-12);
        metrics.Duality!.SelfDuality.Should().BePositive();
        metrics.Duality.StructureError.Should().BePositive();
        metrics.Missing.Keys.Should().Equal(
            "classifierCosineDeviation", "classifierDistance", "classifierDistanceDeviation", "classifierEquiangularity",
            "classifierGreatestCosine", "classifierLeastCosine",
            "classifierLogEnergy", "classifierLogEnergyDeviation", "classifierRieszEnergy", "classifierRieszEnergyDeviation",
            "cosineDeviation", "distance", "distanceDeviation", "equiangularity", "greatestCosine", "leastCosine",
            "logEnergy", "logEnergyDeviation", "rieszEnergy", "rieszEnergyDeviation", "rowCosine", "rowCosineDeviation", "rowDistance",
            "rowProductDeviation");
        metrics.Missing["leastCosine"].Should().Be("class mean 1 is zero up to rounding: it has no direction");
        metrics.Missing["classifierLeastCosine"].Should().Be("classifier row 2 is zero up to rounding: it has no direction");
    }

    /// <summary>Their distance is rounding, and energies of it would be numbers without a meaning.</summary>
    [Theory]
    [InlineData(3)]
    [InlineData(0.7)]
    [InlineData(1e-9)]
    public void Of_ParallelClassifierRows_HaveNoEnergies(double factor)
    {
        using var scope = NewDisposeScope();
        var weight = Sample.Normal(2, 3, 4);
        weight[1] = weight[0] * factor;
        var metrics = CollapseMetrics.Of(Sample.Normal(1, 12, 4), arange(12) % 3, weight);
        metrics.Missing.Keys.Should().Contain(["classifierLogEnergy", "classifierRieszEnergy"]);
        metrics.Missing.Keys.Should().NotContain("classifierGreatestCosine");
    }

    [Fact]
    public void Of_ZeroWeight_HasNoDualityAndSaysSo()
    {
        using var scope = NewDisposeScope();
        var metrics = CollapseMetrics.Of(Sample.Normal(1, 12, 4), arange(12) % 3, zeros(3, 4), ones(3));
        metrics.Missing["selfDuality"].Should().Be("the weight is zero");
        metrics.Missing["classifierEquinorm"].Should().Be("all classifier rows are the same");
        metrics.Duality!.GlobalMeanLogit.Should().BeApproximately(Math.Sqrt(3), 1e-12);
        metrics.Nc4Mismatch.Should().NotBeNull();
    }

    [Fact]
    public void Of_TwoClassesOfOneDirection_HaveAnInfiniteEnergyAndSaySo()
    {
        using var scope = NewDisposeScope();
        // Means (3, 0), (1, 0), (-4, 0): two of one direction.
        var features = tensor(new[] { 3.0, 0, 1, 0, -4, 0 }).reshape(3, 2);
        var metrics = CollapseMetrics.Of(features, arange(3));
        metrics.Means.GreatestCosine.Should().Be(1);
        metrics.Means.Distance.Should().BeApproximately(4.0 / 3, 1e-12);
        metrics.Missing["logEnergy"].Should().Be("class mean 0 and class mean 1 have the same direction: their energy is infinite");
        metrics.Missing["rieszEnergy"].Should().Be(metrics.Missing["logEnergy"]);
        var repelling = CollapseMetrics.Of(features, arange(3), options: new CollapseMetricsOptions { RieszExponent = -1 });
        repelling.Means.RieszEnergy.Should().BeApproximately(-4.0 / 3, 1e-12, "-|distance| stays finite");
    }

    [Fact]
    public void Of_RieszExponentBeyondTheRange_IsMissingWithAdvice()
    {
        using var scope = NewDisposeScope();
        var metrics = CollapseMetrics.Of(Sample.Normal(1, 12, 4), arange(12) % 3,
            options: new CollapseMetricsOptions { RieszExponent = 1e5 });
        if (metrics.Means.RieszEnergy is null)
            metrics.Missing["rieszEnergy"].Should().Contain("smaller RieszExponent");
        var close = CollapseMetrics.Of(tensor(new[] { 1.0, 0, 1, 1e-6, -1, 3 }).reshape(3, 2), arange(3),
            options: new CollapseMetricsOptions { RieszExponent = 500 });
        close.Means.RieszEnergy.Should().BeNull();
        close.Missing["rieszEnergy"].Should().Contain("smaller RieszExponent");
        close.Means.LogEnergy.Should().BePositive();
    }

    [Fact]
    public void Of_StatisticsAlone_SaysWhatNeedsTheSamples()
    {
        using var scope = NewDisposeScope();
        var metrics = CollapseMetrics.Of(Watched.StatisticsOf(Sample.Normal(1, 12, 4), arange(12) % 3));
        metrics.Missing["nc1"].Should().Contain("needs the samples once more");
        metrics.Missing["classErrors"].Should().Be(metrics.Missing["nc1"]);
        Classifier.Where(name => !MeasureNames.Shape.Contains(name)).Should().Contain(name => metrics.Missing.ContainsKey(name));
        metrics.Missing["selfDuality"].Should().Be("no weight was given");
        metrics.Missing["classifierEquinorm"].Should().Be("no weight was given");
        metrics.Classifier.Should().BeNull();
        metrics.ToString()
            .Should().Contain("  cdnv  ").And.Contain("no weight was given").And.StartWith("12 samples of width 4 in 3 classes");
    }

    private static void OnlyReasons(CollapseMetrics metrics, params string[] except)
    {
        foreach (var (name, value) in MeasureNames.Numbers(metrics))
            if (!except.Contains(name) && name != "balancedNccError")
            {
                value.Should().BeNull(name);
                metrics.Missing.ContainsKey(name).Should().BeTrue(name);
            }
    }
}
