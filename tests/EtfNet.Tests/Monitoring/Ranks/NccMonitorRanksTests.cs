using EtfNet.Tests.Distributed;
using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Monitoring;

/// <summary>Monitors of several ranks report as one that has seen all samples.</summary>
public sealed class NccMonitorRanksTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void EndEpoch_SharesOfTheSameFeatures_EqualsOneProcess(int size)
    {
        CollapseReport? whole = null;
        InProcessCollective.Run(1, group => whole = Watch(group, null)).ShouldAllEnd();
        InProcessCollective.Run(size, group =>
        {
            var report = Watch(group, group);
            report.Epoch.Should().Be(whole!.Epoch);
            foreach (var (layer, expected) in report.Layers.Zip(whole.Layers))
            {
                layer.NccError.Should().NotBeNull().And.Be(expected.NccError);
                layer.Samples.Should().Be(expected.Samples);
                layer.PresentClasses.Should().Be(expected.PresentClasses);
                foreach (var (found, wanted) in new[] { (layer.Cdnv, expected.Cdnv), (layer.Equinorm, expected.Equinorm),
                    (layer.TraceQuotient, expected.TraceQuotient), (layer.Equiangularity, expected.Equiangularity) })
                    found!.Value.Should().BeApproximately(wanted!.Value, 1e-12 * Math.Max(1, Math.Abs(wanted.Value)));
            }
        }).ShouldAllEnd();
    }

    [Fact]
    public void EndEpoch_LabelsOnOneRankOnly_FailsOnAll() => InProcessCollective.Run(2, group =>
    {
        using var scope = NewDisposeScope();
        using var model = nn.Sequential(("fc", nn.Linear(16, 8)), ("relu", nn.ReLU()));
        using var monitor = new NccMonitor(model, new NccMonitorOptions { Collective = group });
        model.call(ones(4, 16));
        if (group.Rank == 0)
            monitor.Observe(tensor(new long[] { 0, 1, 2, 3 }));
        monitor.EndEpoch();
    }).ShouldAllFail(CollectiveError.ValuesDiffer, 1)[0].Message.Should().Contain("rank 1 has 'labels' as never observed");

    [Fact]
    public void EndEpoch_OtherWidths_FailsOnAll_AndMergesNothing()
    {
        var ended = InProcessCollective.Run(3, group =>
        {
            using var scope = NewDisposeScope();
            using var model = nn.Sequential(("fc", nn.Linear(16, group.Rank == 2 ? 9 : 8)), ("relu", nn.ReLU()));
            using var monitor = new NccMonitor(model, new NccMonitorOptions { Collective = group });
            model.call(ones(4, 16));
            monitor.Observe(tensor(new long[] { 0, 1, 2, 3 }));
            try
            {
                monitor.EndEpoch();
            }
            finally
            {
                monitor.Compute().Layers[0].Samples.Should().Be(0);
                using var bytes = new MemoryStream();
                monitor.Save(bytes);
            }
        });
        ended[0].Should().BeOfType<ArgumentException>().Which.Message.Should().Contain("The statistics of rank 2 do not fit");
        ended.Skip(1).ShouldAllFail(CollectiveError.RankFailed, 0)[0].Message.Should().Contain("rank 2");
    }

    private static CollapseReport Watch(ICollective place, ICollective? group)
    {
        using var scope = NewDisposeScope();
        using var data = new Blobs(samples: 480, noise: 1.5);
        using var model = nn.Sequential(("first", nn.Linear(16, 12, dtype: float64)), ("tanh", nn.Tanh()),
            ("head", nn.Linear(12, 4, dtype: float64)));
        var seed = 0;
        using (no_grad())
            foreach (var parameter in model.parameters())
                parameter.copy_(Sample.Normal(seed++, parameter.shape));
        using var monitor = new NccMonitor(model, new NccMonitorOptions
        {
            Collective = group,
            MinimumScored = 0,
            ScoreEvery = 2,
            Metrics = CollapseMetricSet.Means | CollapseMetricSet.Variability,
        });
        monitor.Layers.Should().NotBeEmpty();
        for (var epoch = 0; epoch < 2; epoch++)
        {
            foreach (var (x, y) in data.Batches(48))
            {
                var share = 48 / place.Size;
                var first = place.Rank * share;
                model.call(x.slice(0, first, first + share, 1).to(float64));
                monitor.Observe(y.slice(0, first, first + share, 1));
            }

            monitor.EndEpoch();
        }

        foreach (var (x, y) in data.Batches(48))
        {
            var share = 48 / place.Size;
            var first = place.Rank * share;
            model.call(x.slice(0, first, first + share, 1).to(float64));
            monitor.Observe(y.slice(0, first, first + share, 1));
        }

        return monitor.EndEpoch();
    }
}
