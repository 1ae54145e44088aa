using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Depth;

public sealed class RidgeStatisticsTests
{
    [Theory]
    [InlineData(1, 200, 7, 3, 0)]
    [InlineData(2, 500, 150, 10, 0)]
    [InlineData(3, 60, 40, 4, 1e4)]
    [InlineData(4, 20, 64, 5, 0)]
    [InlineData(5, 300, 1, 2, -3)]
    public void Solve_InBatches_EqualsLeastSquaresOnAllSamples(int seed, int samples, int width, int classes, double offset)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)seed);
        var labels = randint(0, classes, [samples], dtype: int64, generator: generator);
        var features = randn([classes, width], float64, generator: generator).index_select(0, labels)
            + randn([samples, width], float64, generator: generator) + offset;

        using var statistics = new RidgeStatistics(width, 1, CPU);
        foreach (var rows in arange(samples).split(37))
            statistics.Add(features[rows], labels[rows], (int)labels[rows].max().item<long>() + 1);
        var (weight, bias) = statistics.Solve(1e-3);

        // Ridge as least squares: rows sqrt(lambda N) I with target 0 below the centered features.
        var (mean, target) = (features.mean([0]), nn.functional.one_hot(labels, classes).to(float64));
        var centered = features - mean;
        var lambda = 1e-3 * centered.square().sum().item<double>() / samples / width;
        var system = cat([centered, eye(width, dtype: float64) * Math.Sqrt(lambda * samples)]);
        var wanted = linalg.lstsq(system, cat([target - target.mean([0]), zeros(width, classes, dtype: float64)])).Solution.t();
        (weight - wanted).abs().max().item<double>().Should().BeLessThan(1e-6);
        (bias - (target.mean([0]) - wanted.mv(mean))).abs().max().item<double>().Should().BeLessThan(1e-6 * (1 + Math.Abs(offset)));
    }

    [Fact]
    public void Solve_FeaturesThatNeverVary_GivesTheFrequencies()
    {
        using var scope = NewDisposeScope();
        using var statistics = new RidgeStatistics(3, 2, CPU);
        statistics.Add(full(10, 3, 5.0), tensor(new long[] { 0, 0, 0, 1, 1, 1, 1, 1, 1, 1 }), 2);

        var (weight, bias) = statistics.Solve(1e-3);

        weight.abs().max().item<double>().Should().BeLessThan(1e-12);
        bias.data<double>().Should().Equal([0.3, 0.7], (a, b) => Math.Abs(a - b) < 1e-12);
    }
}
