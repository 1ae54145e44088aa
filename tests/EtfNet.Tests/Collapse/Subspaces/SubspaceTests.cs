using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Collapse.Subspaces;

public sealed class SubspaceTests
{
    [SeededProperty(30)]
    public void PrincipalAxes_PartsOfAnySize_HaveTheScatterOfTheWhole(int seed)
    {
        using var scope = NewDisposeScope();
        var random = new Random(seed);
        var (count, width) = (random.Next(1, 60), random.Next(1, 12));
        var rows = Sample.Normal(seed, count, width) + Sample.Normal(seed + 1, 1, width) * 1e5;
        var axes = new PrincipalAxes(width);
        foreach (var part in rows.split(random.Next(1, 9)))
        {
            axes.Add(part);
            // Merges what waits.
            if (random.Next(3) == 0)
                axes.Mean();
        }

        var centered = rows - rows.mean([0L], keepdim: true);
        var root = axes.Root();
        root.shape[0].Should().BeLessThanOrEqualTo(width);
        Sample.Max(root.t().mm(root) - centered.t().mm(centered)).Should().BeLessThan(1e-7);
        Sample.Max(tensor(axes.Mean()) - rows.mean([0L])).Should().BeLessThan(1e-9);
        axes.Count.Should().Be(count);
    }

    [Fact]
    public void RegressionMetrics_CollapsedModel_IsZero()
    {
        using var scope = NewDisposeScope();
        // Features S^(-1/2) y on orthonormal directions and W = S^(1/2) on the same: NRC1 to 3 hold exactly, with g = 0 or any.
        var y = Sample.Normal(1, 50, 3).mm(Sample.Normal(2, 3, 3));
        y -= y.mean([0L], keepdim: true);
        var (values, vectors) = linalg.eigh(y.t().mm(y) / 50);
        var root = vectors.mm(diag(values.sqrt())).mm(vectors.t());
        var directions = Sample.Orthonormal(3, 9, 3).t();
        var weight = vectors.mm(diag(values.sqrt().sqrt())).mm(vectors.t()).mm(directions);
        var metrics = RegressionMetrics.Of(y.mm(linalg.inv(root)).mm(directions), y, weight);
        metrics.Nrc1.Should().BeLessThan(1e-20);
        metrics.Nrc2.Should().BeLessThan(1e-20);
        metrics.Nrc3.Should().BeLessThan(1e-18);
        metrics.Gamma.Should().BeLessThan(1e-6);
        metrics.Missing.Count.Should().Be(0);
    }

    [SeededProperty(100)]
    public void RegressionStructure_AnyMatrices_FindsTheLeastOfAFineSearch(int seed)
    {
        using var scope = NewDisposeScope();
        var size = 2 + seed % 4;
        var weight = Sample.Normal(seed, size, size + 2);
        var gram = weight.mm(weight.t());
        var factor = Sample.Normal(seed + 1, size, size + 1);
        var root = factor.mm(factor.t());
        var least = linalg.eigvalsh(root).min().item<double>();
        var (distance, gamma) = RegressionStructure.Best((gram / gram.norm()).data<double>().ToArray(), root.data<double>().ToArray(),
            size, least);
        var searched = Enumerable.Range(0, 2001).Min(i =>
        {
            using var inner = NewDisposeScope();
            var shifted = root - eye(size, dtype: float64) * (least * i / 2000);
            return (gram / gram.norm() - shifted / shifted.norm()).square().sum().item<double>();
        });
        distance.Should().BeLessThanOrEqualTo(searched + 1e-12, $"seed {seed}").And.BeGreaterThan(searched - 1e-3);
        Math.Sqrt(gamma).Should().BeInRange(0, least + 1e-12);
    }

    [Fact]
    public void RegressionMetrics_DegenerateCases_HaveAReason()
    {
        using var scope = NewDisposeScope();
        var (features, targets) = (Sample.Normal(1, 20, 5), Sample.Normal(2, 20, 2));
        Why(RegressionMetrics.Of(features, targets), "nrc2", "no weight was given").Nrc1.Should().BePositive();
        Why(RegressionMetrics.Of(ones(20, 5), targets), "nrc1", "all features are the same");
        Why(RegressionMetrics.Of(zeros(20, 5), targets, Sample.Normal(3, 2, 5)), "nrc2", "no sample has a direction");
        Why(RegressionMetrics.Of(Sample.Normal(1, 20, 1), targets), "nrc1", "2 targets span more than 1 features do");
        Why(RegressionMetrics.Of(features, targets, zeros(2, 5)), "nrc3", "the weight is zero").Nrc2.Should().BeNull();
        Why(RegressionMetrics.Of(features, ones(20, 2), Sample.Normal(3, 2, 5)), "nrc3", "all targets are the same");
        Why(RegressionMetrics.Of(features, targets.narrow(1, 0, 1).squeeze(1), Sample.Normal(3, 1, 5)), "nrc3",
            "a single target has a 1 x 1 structure, which is always the same");
        Why(RegressionMetrics.Of(full(3, 5, double.NaN), ones(3, 2), Sample.Normal(3, 2, 5)), "nrc1", "there is no finite sample").NonFinite
            .Should().Be(3);

        var spoilt = cat([features, full(1, 5, double.NaN), ones(1, 5)]);
        var metrics = RegressionMetrics.Of(spoilt, cat([targets, ones(1, 2), full(1, 2, double.PositiveInfinity)]), Sample.Normal(3, 2, 5));
        metrics.Should().Be(RegressionMetrics.Of(features, targets, Sample.Normal(3, 2, 5)) with { NonFinite = 2 });

        static RegressionMetrics Why(RegressionMetrics metrics, string name, string reason)
        {
            metrics.Missing[name].Should().Be(reason);
            foreach (var value in new[] { metrics.Nrc1, metrics.Nrc2, metrics.Nrc3, metrics.Gamma })
                (value is null || double.IsFinite(value.Value)).Should().BeTrue();
            return metrics;
        }
    }

    [Fact]
    public void RegressionMetrics_BadInput_IsATypedError()
    {
        using var scope = NewDisposeScope();
        var (features, targets) = (Sample.Normal(1, 20, 5), Sample.Normal(2, 20, 2));
        Throws<ArgumentException>(() => RegressionMetrics.Of(features, Sample.Normal(2, 19, 2)),
            "*'targets' has shape (19, 2)*20 samples*");
        Throws<ArgumentException>(() => RegressionMetrics.Of(ones(20, 5, int64), targets), "*'features' is Int64*");
        Throws<ArgumentException>(() => RegressionMetrics.Of(features, ones(20, 2, int64)), "*'targets' is Int64*");
        Throws<ArgumentException>(() => RegressionMetrics.Of(features, targets, randn(2, 4)), "*'weight' has shape (2, 4)*");
        Throws<ArgumentException>(() => RegressionMetrics.Of(features, targets, randn(3, 5)), "*'weight' has shape (3, 5)*2 targets*");
        Throws<ArgumentException>(() => RegressionMetrics.Of(Array.Empty<(Tensor, Tensor)>()), "*no batch*");
        Throws<ArgumentNullException>(() => RegressionMetrics.Of((Tensor)null!, targets), "*features*");
    }

    [Fact]
    public void NecoDetector_OtherData_ScoresLower()
    {
        using var scope = NewDisposeScope();
        var train = Watched.Data(300, 20, 4, 1, spread: 0.1).Input;
        var other = Sample.Normal(9, 300, 20).to(float32);
        foreach (var standardize in new[] { false, true })
        {
            var detector = NecoDetector.Fit(train, 4, standardize);
            var (inside, outside) = (detector.Score(train), detector.Score(other));
            inside.min().item<double>().Should().BeGreaterThan(outside.mean().item<double>());
            inside.max().item<double>().Should().BeLessThanOrEqualTo(1 + 1e-12);
            outside.min().item<double>().Should().BeGreaterThanOrEqualTo(0);
            detector.VarianceShare.Should().BeInRange(0.9, 1);
            (detector.Width, detector.Dimensions, detector.IsStandardized).Should().Be((20, 4, standardize));
        }

        var all = NecoDetector.Fit(train, 20);
        Sample.Max(all.Score(other) - 1).Should().BeLessThan(1e-12, "all axes hold everything");
        all.VarianceShare.Should().BeApproximately(1, 1e-12);
    }

    [Fact]
    public void NecoDetector_SamplesWithoutADirection_Score0()
    {
        using var scope = NewDisposeScope();
        var detector = NecoDetector.Fit(Sample.Normal(1, 30, 4), 2, standardize: false);
        var rows = tensor(new[] { 0, 0, 0, 0, double.NaN, 1, 1, 1, double.PositiveInfinity, 0, 0, 0, 1, 1, 1, 1 }).reshape(4, 4);
        detector.Score(rows).data<double>().ToArray()[..3].Should().OnlyContain(score => score == 0);
        detector.Score(rows, full(4, 3, double.NaN)).data<double>().Should().OnlyContain(score => score == 0);
        detector.Score(rows)[3].item<double>().Should().BePositive();
        // Fewer samples than axes: the rest of the axes are none.
        NecoDetector.Fit(Sample.Normal(2, 3, 10), 8, standardize: false).Score(Sample.Normal(3, 5, 10)).max().item<double>()
            .Should().BeLessThan(1);
    }

    [Fact]
    public void NecoDetector_BadInput_IsATypedError()
    {
        using var scope = NewDisposeScope();
        var rows = Sample.Normal(1, 20, 4);
        Throws<ArgumentOutOfRangeException>(() => NecoDetector.Fit(rows, 0), "*[1, 4]*");
        Throws<ArgumentOutOfRangeException>(() => NecoDetector.Fit(rows, 5), "*[1, 4]*");
        Throws<ArgumentException>(() => NecoDetector.Fit(rows[0].unsqueeze(0), 1), "*fewer than two*");
        Throws<ArgumentException>(() => NecoDetector.Fit(full(9, 4, double.NaN), 1), "*fewer than two*");
        Throws<ArgumentException>(() => NecoDetector.Fit(full(9, 4, 0.1), 1), "*All samples are the same*");
        Throws<ArgumentException>(() => NecoDetector.Fit(Array.Empty<Tensor>(), 1), "*fewer than two*");
        Throws<ArgumentException>(() => NecoDetector.Fit([rows, randn(3, 5)], 1), "*(3, 5)*(samples, 4)*");
        Throws<ArgumentException>(() => NecoDetector.Fit(ones(4, 4, int64), 1), "*Int64*");
        Throws<ArgumentNullException>(() => NecoDetector.Fit((Tensor)null!, 1), "*features*");
        var detector = NecoDetector.Fit(rows, 2);
        Throws<ArgumentException>(() => detector.Score(randn(3, 5)), "*(3, 5)*(samples, 4)*");
        Throws<ArgumentException>(() => detector.Score(rows, randn(3, 5)), "*'logits' has shape (3, 5)*");
    }

    [Fact]
    public void OutOfDistribution_OrthogonalOrDegenerate_IsZeroOrHasAReason()
    {
        using var scope = NewDisposeScope();
        var classes = Watched.StatisticsOf(tensor(new[] { 1.0, 0, 0, 0, 2, 0 }).reshape(2, 3), arange(2));
        OutOfDistributionMetrics.Of(classes, tensor(new[] { 0.0, 0, 5 }).unsqueeze(0)).Orthogonality.Should().Be(0);
        OutOfDistributionMetrics.Of(classes, tensor(new[] { -3.0, 0, 0 }).unsqueeze(0)).Orthogonality.Should().Be(0.5);
        Why(OutOfDistributionMetrics.Of(classes, zeros(3, 3)), "the other data's mean is zero");
        Why(OutOfDistributionMetrics.Of(classes, zeros(0, 3)), "there is no other sample");
        Why(OutOfDistributionMetrics.Of(new ClassStatistics(3), ones(3, 3)), "there is no training sample");
        Why(OutOfDistributionMetrics.Of(Watched.StatisticsOf(zeros(2, 3), arange(2)), ones(3, 3)),
            "class mean 0 is zero: it has no direction");
        Throws<ArgumentException>(() => OutOfDistributionMetrics.Of(classes, ones(3, 4)), "*(3, 4)*(samples, 3)*");
        Throws<ArgumentException>(() => OutOfDistributionMetrics.Of(classes, new ClassStatistics(4)), "*width 4*3*");
        Throws<ArgumentNullException>(() => OutOfDistributionMetrics.Of(classes, (ClassStatistics)null!), "*other*");

        static void Why(OutOfDistributionMetrics metrics, string reason)
        {
            metrics.Orthogonality.Should().BeNull();
            metrics.Missing["orthogonality"].Should().Be(reason);
        }
    }

    [Fact]
    public void Subspaces_OverAndOver_LeaveNoTensor()
    {
        using var scope = NewDisposeScope();
        var (features, targets, weight) = (Sample.Normal(1, 40, 6), Sample.Normal(2, 40, 2), Sample.Normal(3, 2, 6));
        var classes = Watched.StatisticsOf(features, arange(40) % 4);
        Run();
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        Run();
        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(before);

        void Run()
        {
            RegressionMetrics.Of(features, targets, weight).Missing.Count.Should().Be(0);
            NecoDetector.Fit(features, 3).Score(features).Dispose();
            OutOfDistributionMetrics.Of(classes, features).Orthogonality.Should().BePositive();
        }
    }

    private static void Throws<TException>(Action action, string message)
        where TException : Exception => action.Should().Throw<TException>().WithMessage(message);
}
