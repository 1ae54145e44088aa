using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Monitoring;

/// <summary>The way for devices, taken on the CPU: it must find what the CPU's own way finds.</summary>
public sealed class DeviceSumsTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Sequential _model = nn.Sequential(("a", nn.Linear(4, 8)), ("act", nn.ReLU()), ("head", nn.Linear(8, 5)));

    public void Dispose()
    {
        _model.Dispose();
        _scope.Dispose();
    }

    [Theory]
    [InlineData(false, null)]
    [InlineData(true, null)]
    [InlineData(false, 5)]
    [InlineData(true, 5)]
    public void Observe_OnDevice_EqualsTheCpuPath(bool deterministic, int? classCount)
    {
        var options = new NccMonitorOptions { Metrics = CollapseMetricSet.Cheap, ScoreEvery = 2, MinimumScored = 0, ClassCount = classCount, Deterministic = deterministic };
        using var plain = new NccMonitor(_model, options);
        using var device = new NccMonitor(_model, options with { AlwaysAsOnDevice = true });
        for (var epoch = 0; epoch < 3; epoch++)
        {
            // Class 4 comes late, class 3 is a singleton, one sample is not finite.
            var data = Watched.Data(90, 4, 3, epoch);
            data.Labels[7] = 3;
            data.Labels[8] = epoch == 1 ? 4 : 0;
            data.Input[11, 2] = float.NaN;
            foreach (var (input, labels) in Watched.Batches(data, 20))
            {
                _model.call(input);
                plain.Observe(labels);
                device.Observe(labels.to(int32));
            }

            var (expected, actual) = (plain.EndEpoch(), device.EndEpoch());
            foreach (var (a, b) in actual.Layers.Zip(expected.Layers))
            {
                (a.NccError, a.Samples, a.Observed, a.NonFinite, a.PresentClasses, a.Nc4Mismatch)
                    .Should().Be((b.NccError, b.Samples, b.Observed, b.NonFinite, b.PresentClasses, b.Nc4Mismatch));
                a.Cdnv.Should().BeApproximately(b.Cdnv!.Value, 1e-6 * b.Cdnv.Value);
                a.GramDeviation.Should().BeApproximately(b.GramDeviation!.Value, 1e-9);
            }
        }
    }

    [Fact]
    public void EndEpoch_LabelsOutOfRange_ThrowsOnceAndLeavesThemOut()
    {
        using var monitor = new NccMonitor(_model, new NccMonitorOptions { AlwaysAsOnDevice = true });
        _model.call(randn(6, 4));
        monitor.Observe(tensor(new long[] { 0, 1, 5, -2, 1, 0 }));
        monitor.Invoking(m => m.EndEpoch()).Should().Throw<InvalidOperationException>().WithMessage("2 labels*width of the model's output*");
        monitor.EndEpoch()["a"].Observed.Should().Be(4);
    }

    [Fact]
    public void Observe_SeveralForwardsOnDevice_SlicesTheLabels()
    {
        using var monitor = new NccMonitor(_model, new NccMonitorOptions { AlwaysAsOnDevice = true });
        var (first, second) = (randn(4, 4), randn(3, 4));
        _model.call(first);
        _model.call(second);
        var labels = tensor(new long[] { 0, 1, 2, 0, 2, 2, 1 });
        monitor.Observe(labels);
        var features = ((Linear)_model[0]).forward(cat([first, second])).relu();
        Watched.ShouldDescribe(monitor.Compute()["a"], features, labels);
    }

    [Fact]
    public void SaveAndMerge_OnDevice_BringTheSumsOver()
    {
        using var one = new NccMonitor(_model, new NccMonitorOptions { AlwaysAsOnDevice = true });
        using var other = new NccMonitor(_model, new NccMonitorOptions { AlwaysAsOnDevice = true });
        var data = Watched.Data(50, 4, 3, 1);
        _model.call(data.Input);
        one.Observe(data.Labels);
        other.Observe(data.Labels);
        one.Merge(other);
        one.Compute()["a"].Observed.Should().Be(100);
        one.Compute()["a"].Observed.Should().Be(100, "what was brought over is not brought over twice");
    }

    [Fact]
    public void Score_ManyClassesOnDevice_BlocksAgreeWithTheCpu()
    {
        var data = (Features: randn(9000, 3), Labels: arange(9000).remainder(4500));
        using var layer = nn.Linear(3, 3);
        using var plain = new NccMonitor(layer, new NccMonitorOptions { ClassCount = 4500 });
        using var device = new NccMonitor(layer, new NccMonitorOptions { ClassCount = 4500, AlwaysAsOnDevice = true });
        foreach (var monitor in new[] { plain, device })
        {
            monitor.Observe("", data.Features, data.Labels);
            monitor.EndEpoch();
            monitor.Observe("", data.Features.narrow(0, 4000, 700), data.Labels.narrow(0, 4000, 700));
        }

        var (a, b) = (plain.EndEpoch()[""], device.EndEpoch()[""]);
        a.Samples.Should().Be(700);
        b.NccError.Should().BeApproximately(a.NccError!.Value, 2.0 / 700, "float32 may break a near tie the other way");
    }
}
