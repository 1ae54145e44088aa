using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Monitoring;

public sealed class CadenceTests
{
    [Theory]
    [InlineData(4, 2000, 80, 10, 800)] // fewer than 2,000 a epoch: all
    [InlineData(4, 200, 80, 10, 200)] // every fourth gives the 200 asked for
    [InlineData(4, 0, 80, 10, 200)]
    [InlineData(4, 300, 80, 10, 400)] // every fourth would not
    [InlineData(1, 0, 80, 10, 800)]
    [InlineData(3, 100, 100, 6, 198)] // one of each three; of the run of one that is left over, none was drawn
    public void Observe_ScoringCadence_ScoresAsManyAsAsked(int every, long minimum, int batches, int batch, long scored)
    {
        using var scope = NewDisposeScope();
        using var model = nn.Linear(3, 2);
        using var monitor = new NccMonitor(model, new NccMonitorOptions { ScoreEvery = every, MinimumScored = minimum });
        var data = Watched.Data(batches * batch, 3, 2, 1);
        for (var epoch = 0; epoch < 2; epoch++)
        {
            Watched.Epoch(model, monitor, data, batch);
            var layer = monitor.EndEpoch()[""];
            layer.Observed.Should().Be(batches * batch, "every batch enters the means");
            layer.Samples.Should().Be(epoch == 0 ? 0 : scored);
            (layer.Reason is null).Should().Be(epoch == 1);
        }
    }

    [Fact]
    public void Observe_LargestEpochs_ReachTheMinimumWithAPartialBatch()
    {
        for (var batches = 5; batches < 60; batches += 3)
        {
            using var scope = NewDisposeScope();
            using var model = nn.Linear(3, 2);
            using var monitor = new NccMonitor(model, new NccMonitorOptions { MinimumScored = 70 });
            var data = Watched.Data(batches * 7 - 6, 3, 2, 1);
            Watched.Epoch(model, monitor, data, 7);
            monitor.EndEpoch();
            Watched.Epoch(model, monitor, data, 7);
            monitor.EndEpoch()[""].Samples.Should().BeGreaterThanOrEqualTo(Math.Min(70, batches * 7 - 6));
        }
    }

    [Fact]
    public void EndEpoch_MidwayCompute_ChangesNothing()
    {
        using var scope = NewDisposeScope();
        using Linear model = nn.Linear(3, 2);
        using var one = new NccMonitor(model);
        using var other = new NccMonitor(model);
        var data = Watched.Data(60, 3, 2, 1);
        for (var epoch = 1; epoch <= 3; epoch++)
        {
            foreach (var (input, labels) in Watched.Batches(data, 20))
            {
                model.call(input);
                one.Observe(labels);
                other.Observe(labels);
                other.Compute().Epoch.Should().Be(epoch);
            }

            other.EndEpoch().ToJson().Should().Be(one.EndEpoch().ToJson());
        }
    }
}
