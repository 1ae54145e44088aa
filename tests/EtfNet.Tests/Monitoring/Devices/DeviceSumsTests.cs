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
        var options = new NccMonitorOptions
        {
            Metrics = CollapseMetricSet.Cheap,
            ScoreEvery = 2,
            MinimumScored = 0,
            ClassCount = classCount,
            Deterministic = deterministic,
        };
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
        monitor.Invoking(m => m.EndEpoch())
            .Should().Throw<InvalidOperationException>().WithMessage("2 labels*width of the model's output*");
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
    public void Load_FirstBatchLacksTheHighestClass_Continues()
    {
        var options = new NccMonitorOptions { AlwaysAsOnDevice = true, Metrics = CollapseMetricSet.Cheap };
        using var bytes = new MemoryStream();
        using var one = new NccMonitor(_model, options);
        one.Observe("a", randn(100, 8), arange(100).remainder(10));
        one.EndEpoch();
        one.Save(bytes);
        bytes.Position = 0;
        using var other = new NccMonitor(_model, options);
        other.Load(bytes);
        other.Observe("a", randn(20, 8), arange(20).remainder(5));
        other.Observe("a", randn(20, 8), arange(20).remainder(12));
        (other.Compute()["a"].Samples, other.EndEpoch()["a"].PresentClasses).Should().Be((40, 12));
    }

    [Fact]
    public void Observe_LabelsReadAtOnce_AsOnTheCpuWithFeaturesOnTheDevice_EqualsUnreadOnes()
    {
        var options = new NccMonitorOptions { AlwaysAsOnDevice = true, ScoreEvery = 1, IgnoreIndex = 255 };
        using var unread = new NccMonitor(_model, options);
        using var read = new NccMonitor(_model, options with { AlwaysReadLabels = true });
        for (var epoch = 0; epoch < 2; epoch++)
        {
            var data = Watched.Data(60, 4, 3, epoch);
            data.Labels[3] = 255;
            _model.call(data.Input);
            unread.Observe(data.Labels);
            read.Observe(data.Labels);
            read.EndEpoch().ToCsv().Should().Be(unread.EndEpoch().ToCsv());
        }

        _model.call(randn(3, 4));
        read.Invoking(m => m.Observe(tensor(new long[] { 0, -1, 0 })))
            .Should().Throw<ArgumentOutOfRangeException>("what is read at once is judged at once");
    }

    [Fact]
    public void EndEpochAndEvaluate_InInferenceMode_TrainingContinues()
    {
        using var monitor = new NccMonitor(
            _model, new NccMonitorOptions { AlwaysAsOnDevice = true, ScoreEvery = 1, Metrics = CollapseMetricSet.Cheap });
        var data = Watched.Data(30, 4, 3, 1);
        for (var epoch = 0; epoch < 3; epoch++)
        {
            _model.call(data.Input).sum().backward();
            monitor.Observe(data.Labels);
            using (inference_mode(true))
            {
                monitor.Evaluate([data])["a"].NccError.Should().NotBeNull();
                (monitor.EndEpoch()["a"].NccError is null).Should().Be(epoch == 0);
            }
        }
    }

    [Fact]
    public void Observe_WidthOrDeviceChangesBetweenEpochs_StartsAnew()
    {
        foreach (var onDevice in new[] { false, true })
        {
            using var monitor = new NccMonitor(
                _model, new NccMonitorOptions { AlwaysAsOnDevice = onDevice, Metrics = CollapseMetricSet.Cheap });
            foreach (var (width, scored) in new[] { (8, 0), (6, 0), (6, 30), (8, 0) })
            {
                monitor.Observe("flat", randn(30, width), arange(30).remainder(3));
                var layer = monitor.EndEpoch()["flat"];
                (layer.Width, layer.Samples, layer.Observed).Should().Be((width, scored, 30));
            }

            monitor.Observe("flat", randn(30, 8), arange(30).remainder(3));
            monitor.Invoking(m => m.Observe("flat", randn(30, 6), arange(30).remainder(3)))
                .Should().Throw<ArgumentException>().WithMessage("*width 6*8*");
            monitor.EndEpoch();
            monitor.Observe("flat", randn(30, 5), arange(30).remainder(3));
            monitor.Compute()["flat"].Reason.Should().Contain("from 8 to 5");
        }
    }

    [Fact]
    public void Score_FeaturesThatFloat32CannotSquare_AreReportedAndNotScored()
    {
        var features = randn(40, 4);
        features[5] = 3e19f;
        var labels = arange(40).remainder(2);
        foreach (var onDevice in new[] { false, true })
        {
            using var monitor = new NccMonitor(_model, new NccMonitorOptions { AlwaysAsOnDevice = onDevice });
            for (var epoch = 0; epoch < 2; epoch++)
            {
                monitor.Observe("wide", features, labels);
                if (epoch == 0)
                    monitor.EndEpoch();
            }

            var layer = monitor.Compute()["wide"];
            (layer.Observed, layer.NonFinite).Should().Be((40, 0));
            layer.NccError.Should().BeInRange(0, 1);
            layer.WithinRounding.Should().BePositive();
            (layer.Reason is null).Should().Be(!onDevice, "the CPU decides in float64");
        }
    }

    /// <summary>One class lies a million away from the others: seen from the mean of all, float32 cannot tell the others apart.</summary>
    [Fact]
    public void Score_ClassFarAway_IsExactOnTheCpuAndReportedOnTheDevice()
    {
        using var generator = new Generator(3);
        var labels = arange(500).remainder(10);
        var centers = 3 * randn(10, 32, generator: generator);
        centers[9] = 1e6;
        var features = centers.index_select(0, labels) + randn(500, 32, generator: generator);
        var exact = 0.0;
        foreach (var onDevice in new[] { false, true })
        {
            using var monitor = new NccMonitor(_model, new NccMonitorOptions { AlwaysAsOnDevice = onDevice, ScoreEvery = 1 });
            monitor.Observe("far", features, labels);
            monitor.EndEpoch();
            monitor.Observe("far", features, labels);
            var layer = monitor.EndEpoch()["far"];
            layer.WithinRounding.Should().BeGreaterThan(400);
            if (!onDevice)
            {
                exact = layer.NccError!.Value;
                exact.Should().BeLessThan(0.01);
                layer.Reason.Should().BeNull();
            }
            else
            {
                layer.Reason.Should().Match("* of 500 decisions are within the rounding of float32*Evaluate*");
            }
        }
    }

    [Fact]
    public void Score_ManyRowsAndClasses_InBlocks_EqualsTheWhole()
    {
        using var generator = new Generator(4);
        var (features, labels) = (randn(12_000, 3, generator: generator), arange(12_000).remainder(1500));
        using var plain = new NccMonitor(_model, new NccMonitorOptions { ClassCount = 1500, ScoreEvery = 1 });
        using var device = new NccMonitor(_model, new NccMonitorOptions { ClassCount = 1500, ScoreEvery = 1, AlwaysAsOnDevice = true });
        foreach (var monitor in new[] { plain, device })
        {
            monitor.Observe("x", features, labels);
            monitor.EndEpoch();
            monitor.Observe("x", features, labels);
        }

        device.Compute()["x"].NccError.Should().BeApproximately(plain.Compute()["x"].NccError!.Value, 0.001);
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
