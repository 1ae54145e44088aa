using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Monitoring;

public sealed class LeakTests
{
    private static long Live => DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Observe_TenThousandSteps_NothingGrows(bool asOnDevice)
    {
        using var scope = NewDisposeScope();
        using var model = nn.Sequential(("a", nn.Linear(4, 8)), ("act", nn.ReLU()), ("head", nn.Linear(8, 3)));
        using var monitor = new NccMonitor(model,
            new NccMonitorOptions { Metrics = CollapseMetricSet.Cheap, AlwaysAsOnDevice = asOnDevice });
        var data = Watched.Data(16, 4, 3, 1);
        var steps = asOnDevice ? 1000 : 10_000;
        Steps(steps / 10);
        monitor.EndEpoch();
        Steps(steps / 10);
        monitor.EndEpoch();
        var (live, managed) = (Live, GC.GetTotalMemory(forceFullCollection: true));

        for (var epoch = 0; epoch < 10; epoch++)
        {
            Steps(steps / 10);
            (Live - live).Should().BeInRange(0, asOnDevice ? 1000 : 0, "on a device some thousand rows wait");
            monitor.EndEpoch();
            Live.Should().Be(live);
        }

        (GC.GetTotalMemory(forceFullCollection: true) - managed).Should().BeLessThan(200_000, "a hundred bytes a step would be a megabyte");

        void Steps(int count)
        {
            for (var i = 0; i < count; i++)
            {
                using var step = NewDisposeScope();
                model.call(data.Input);
                monitor.Observe(data.Labels);
            }
        }
    }

    [Fact]
    public void AnyUse_AfterDispose_NoTensorIsLeft()
    {
        using var scope = NewDisposeScope();
        using var model = nn.Sequential(("conv", nn.Conv2d(1, 4, 3)), ("act", nn.ReLU()), ("flat", nn.Flatten()),
            ("head", nn.Linear(144, 3)));
        var (input, labels) = (randn(10, 1, 8, 8), arange(10).remainder(3));
        var live = Live;
        foreach (var asOnDevice in new[] { false, true })
            using (NewDisposeScope())
            {
                var monitor = new NccMonitor(model,
                    new NccMonitorOptions { Metrics = CollapseMetricSet.All, AlwaysAsOnDevice = asOnDevice });
                for (var epoch = 0; epoch < 2; epoch++)
                {
                    model.call(input);
                    monitor.Observe(labels);
                    monitor.EndEpoch();
                }

                monitor.Evaluate([(input, labels)]);
                monitor.Observe("more", randn(10, 5), labels);
                model.call(input);
                monitor.Invoking(m => m.Observe(labels.narrow(0, 0, 3))).Should().Throw<ArgumentException>();
                monitor.Dispose();
            }

        Live.Should().Be(live);
        model.call(input).Dispose();
        Live.Should().Be(live, "the hooks are gone: nothing keeps features");
    }

    [Fact]
    public void Observe_Done_KeepsNoFeaturesAlive()
    {
        using var scope = NewDisposeScope();
        using var model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3));
        using var monitor = new NccMonitor(model);
        var data = Watched.Data(16, 4, 3, 1);
        var live = Live;
        using (NewDisposeScope())
            model.call(data.Input);
        Live.Should().BeGreaterThan(live, "features wait for their labels");
        monitor.Observe(data.Labels);
        Live.Should().Be(live);
    }
}
