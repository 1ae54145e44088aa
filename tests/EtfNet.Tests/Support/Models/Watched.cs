using FluentAssertions;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Tests.Support;

/// <summary>Models and data for monitor tests.</summary>
internal static class Watched
{
    /// <summary>Features around a mean a class, so that some error is left.</summary>
    public static (Tensor Input, Tensor Labels) Data(int count, int width, int classes, int seed, double spread = 1)
    {
        using var generator = new Generator((ulong)seed);
        var labels = randint(0, classes, [count], dtype: int64, generator: generator);
        var means = randn(classes, width, generator: generator);
        return (means.index_select(0, labels) + randn(count, width, generator: generator) * spread, labels);
    }

    /// <summary>One training epoch, or passes without steps where no optimizer is given.</summary>
    public static void Epoch(nn.Module<Tensor, Tensor> model, NccMonitor monitor, (Tensor Input, Tensor Labels) data, long batch,
        optim.Optimizer? optimizer = null)
    {
        foreach (var (input, labels) in Batches(data, batch))
        {
            using var scope = NewDisposeScope();
            var output = model.call(input);
            if (optimizer is not null)
            {
                optimizer.zero_grad();
                nn.functional.cross_entropy(output, labels).backward();
                optimizer.step();
            }

            monitor.Observe(labels);
        }
    }

    public static List<(Tensor Input, Tensor Labels)> Batches((Tensor Input, Tensor Labels) data, long size) =>
        [.. data.Input.split(size).Zip(data.Labels.split(size), (input, labels) => (input, labels))];

    /// <summary>What a monitor should have seen: statistics of features that the test made itself.</summary>
    public static ClassStatistics StatisticsOf(Tensor features, Tensor labels)
    {
        using var scope = NewDisposeScope();
        var statistics = new ClassStatistics((int)features.shape[1]);
        statistics.Add(features, labels);
        return statistics;
    }

    /// <summary>Statistics by which two ways of observing the same can be told apart.</summary>
    public static void ShouldDescribe(LayerCollapse layer, Tensor features, Tensor labels)
    {
        var statistics = StatisticsOf(features, labels);
        var expected = CollapseMetrics.Of(statistics, options: new CollapseMetricsOptions { Metrics = CollapseMetricSet.Cheap }).Means;
        layer.Observed.Should().Be(statistics.Total);
        layer.Width.Should().Be(statistics.Width);
        layer.Equinorm.Should().BeApproximately(expected.Equinorm!.Value, 1e-5);
        layer.GramDeviation.Should().BeApproximately(expected.GramDeviation!.Value, 1e-5);
    }
}
