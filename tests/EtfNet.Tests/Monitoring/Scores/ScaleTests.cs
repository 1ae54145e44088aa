using FluentAssertions;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Monitoring;

public sealed class ScaleTests
{
    [Fact]
    public void Observe_TenThousandClasses_ScoresInBlocksAndSkipsPairs()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        using var layer = nn.Linear(16, 16);
        using var monitor = new NccMonitor(layer, new NccMonitorOptions { ClassCount = 10_000, Metrics = CollapseMetricSet.Cheap });
        var means = randn(10_000, 16, generator: generator) * 100;
        var labels = arange(20_000).remainder(10_000);
        var features = means.index_select(0, labels) + randn(20_000, 16, generator: generator);
        for (var epoch = 0; epoch < 2; epoch++)
        {
            foreach (var (x, y) in features.split(2000L).Zip(labels.split(2000L)))
                monitor.Observe("", x, y);
            if (epoch == 0)
                monitor.EndEpoch();
        }

        var entry = monitor.EndEpoch()[""];
        entry.PresentClasses.Should().Be(10_000);
        entry.NccError.Should().Be(0, "classes are a hundred spreads apart");
        entry.Samples.Should().BeInRange(2000, 20_000);
        entry.Cdnv.Should().BeNull("10,000 classes have 50 million pairs: more than PairwiseClassLimit");
    }
}
