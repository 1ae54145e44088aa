using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Monitoring;

public sealed class DeviceBatchesTests : IDisposable
{
    private readonly Sequential _model = nn.Sequential(("a", nn.Linear(4, 8)), ("act", nn.ReLU()), ("head", nn.Linear(8, 5)));

    public void Dispose() => _model.Dispose();

    /// <summary>Batches wait on a device until they are worth a launch: whatever a program does to its tensors in between, and however
    /// batches, predictions, labels and the class count change, the numbers are those of batches taken in at once.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Observe_BatchesThatWait_AreTakenInAsTheyWere(int seed)
    {
        using var generator = new Generator((ulong)seed);
        var random = new Random(seed);
        var options = new NccMonitorOptions { ScoreEvery = 2, Metrics = CollapseMetricSet.Cheap, Deterministic = seed == 3 };
        using var plain = new NccMonitor(_model, options);
        using var device = new NccMonitor(_model, options with { AlwaysAsOnDevice = true });
        var means = 2 * randn(12, 700, generator: generator);
        for (var epoch = 0; epoch < 3; epoch++)
        {
            var known = 3;
            for (var batch = 0; batch < 40; batch++)
            {
                using var scope = NewDisposeScope();
                known = Math.Max(known, random.Next(13));
                var count = random.Next(12) == 0 ? 2500 : random.Next(1, 150);
                var labels = randint(0, known, [count], dtype: int64, generator: generator);
                var features = means.index_select(0, labels) + (3 * randn(count, 700, generator: generator));
                if (random.Next(5) == 0)
                    features[random.Next(count), 3] = float.NaN;
                foreach (var monitor in new[] { plain, device })
                    monitor.Observe("x", monitor == plain ? features.clone() : features, labels);
                features.zero_();
                labels.zero_();
                if (random.Next(15) == 0)
                    device.Compute();
            }

            var (a, b) = (device.EndEpoch()["x"], plain.EndEpoch()["x"]);
            (a.Samples, a.Observed, a.NonFinite, a.PresentClasses).Should().Be((b.Samples, b.Observed, b.NonFinite, b.PresentClasses));
            (a.NccError is null).Should().Be(epoch == 0);
            if (epoch > 0)
                a.NccError.Should().BeApproximately(b.NccError!.Value, 0.003, "float32 may break near ties the other way");
            a.Cdnv.Should().BeApproximately(b.Cdnv!.Value, 1e-6 * b.Cdnv.Value);
        }
    }

    [Fact]
    public void Dispose_BatchesWait_NoTensorIsLeft()
    {
        var live = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        using (var scope = NewDisposeScope())
        {
            var monitor = new NccMonitor(_model, new NccMonitorOptions { AlwaysAsOnDevice = true });
            _model.call(randn(6, 4));
            monitor.Observe(arange(6).remainder(3));
            monitor.Dispose();
        }

        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(live);
    }

    [Fact]
    public void On_AnotherObjectOfTheSameDevice_IsNotAnotherDevice()
    {
        using var scope = NewDisposeScope();
        using var labels = BatchLabels.Create(LabelForm.Of(arange(6)), 6, null, leaveUnread: true);
        labels.On(device("cpu")).Should()
            .BeSameAs(labels.On(device("cpu")), "copying again for each layer would take longer than its sums");
        TensorDevice.Is(zeros(1), device("cpu")).Should().BeTrue();
        TensorDevice.Is(zeros(1), device("meta")).Should().BeFalse();
    }

    [Fact]
    public void Merge_OtherHasSeenMoreClasses_RowsWithoutALabelAreNotScored()
    {
        using var scope = NewDisposeScope();
        var options = new NccMonitorOptions { AlwaysAsOnDevice = true, ScoreEvery = 1, IgnoreIndex = -100 };
        using var few = new NccMonitor(_model, options);
        using var many = new NccMonitor(_model, options);
        few.Observe("x", randn(30, 6), arange(30).remainder(3));
        many.Observe("x", randn(120, 6), arange(120).remainder(12));
        few.Merge(many);
        few.EndEpoch();
        few.Observe("x", randn(4, 6), tensor(new long[] { 0, -100, 2, 1 }));
        var layer = few.EndEpoch()["x"];
        (layer.Samples, layer.Observed, layer.NonFinite).Should().Be((3, 3, 0));
    }
}
