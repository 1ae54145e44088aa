using System.Diagnostics.Metrics;
using EtfNet.Tests.Support;
using FluentAssertions;
using Microsoft.Extensions.Logging;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Adaptive;

/// <summary>What a fix reports: report, events, log, instruments.</summary>
public sealed class SchedulerReportTests : IDisposable
{
    private readonly Blobs _data = new();

    [Fact]
    public void Fix_Replaced_IsReportedEverywhere()
    {
        using var model = Shapes.Make("ModuleField");
        using var optimizer = optim.SGD(model.parameters(), 0.05, momentum: 0.9);
        var log = new Recorder();
        var counted = new List<string>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == "EtfNet")
                self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => counted.Add($"{instrument.Name} {tags[0].Value}"));
        listener.Start();
        using var etf = model.ApplyAdaptiveEtf(
            new AdaptiveEtfOptions { Epsilon = 0.3, Include = ["hidden"], MaxOutputError = 10, Logger = log }, optimizer);
        var events = new List<FixedLayer>();
        etf.LayerFixed += (_, args) => events.Add(args.Layer);

        etf.Report.Epoch.Should().Be(0);
        var report = TrainingLoop.UntilFixed(model, optimizer, _data, etf, "hidden");

        var fixedLayer = report.NewlyFixed.Should().ContainSingle().Subject;
        fixedLayer.Name.Should().Be("hidden");
        fixedLayer.Epoch.Should().Be(report.Epoch);
        fixedLayer.NccError.Should().BeInRange(0, 0.3);
        fixedLayer.OutputError.Should().BeInRange(0, 10);
        fixedLayer.ParametersFixed.Should().Be(256);
        fixedLayer.InPlace.Should().BeFalse();
        events.Should().Equal(fixedLayer);
        log.Ids.Should().Contain(1).And.NotContain([3, 4]);
        counted.Should().Contain("etfnet.layers.fixed hidden");
        report.ToString().Should().Contain("hidden").And.Contain("fixed").And.Contain($"{fixedLayer.Frame}");

        etf.Revert("hidden");
        log.Ids.Should().Contain(2);
        counted.Should().Contain("etfnet.layers.reverted hidden");
    }

    [Fact]
    public void Fix_InPlaceWithoutOptimizer_SaysWhyAndWarns()
    {
        using var model = Shapes.Make("LinearField");
        using var optimizer = optim.SGD(model.parameters(), 0.05, momentum: 0.9);
        var log = new Recorder();
        using var etf = model.ApplyAdaptiveEtf(
            new AdaptiveEtfOptions { Epsilon = 0.3, Include = ["hidden"], MaxOutputError = 10, Logger = log });
        var report = TrainingLoop.UntilFixed(model, optimizer, _data, etf, "hidden");

        report.FixedLayers.Single().InPlaceReason.Should().Contain("LinearField.hidden");
        log.Ids.Should().Contain([3, 4]);
    }

    /// <summary>Of 40 samples even no error at all may be up to 9% by chance.</summary>
    [Theory]
    [InlineData(null, "not certain enough*", 0)]
    [InlineData(false, "nearest since epoch 2", 1)]
    public void Layer_WithoutErrorOverFewSamples_WaitsUnlessTheErrorAloneIsAsked(bool? confidence, string note, int layersFixed)
    {
        using var few = new Blobs(40, noise: 0.01);
        using var model = Shapes.Make("ModuleField");
        using var optimizer = optim.SGD(model.parameters(), 0.01);
        var options = new AdaptiveEtfOptions
        {
            Epsilon = 0.08,
            Include = ["hidden"],
            MaxOutputError = 10,
            MaxErrorRise = 1,
            MaxLossRise = double.PositiveInfinity,
            RequireConfidence = confidence,
        };
        using var etf = model.ApplyAdaptiveEtf(options, optimizer);
        for (var epoch = 0; epoch < 3; epoch++)
        {
            TrainingLoop.Epoch(model, optimizer, few, etf);
            etf.EndEpoch();
        }

        var hidden = etf.Report.Layers.Single(layer => layer.Name == "hidden");
        hidden.NccError.Should().Be(0);
        hidden.Note.Should().Match(note);
        etf.Report.FixedLayers.Should().HaveCount(layersFixed);
    }

    [Fact]
    public void Layer_WhoseFrameIsTooFar_WaitsAndTheReportSaysSo()
    {
        using var model = Shapes.Make("ModuleField");
        using var optimizer = optim.SGD(model.parameters(), 0.05, momentum: 0.9);
        using var etf = model.ApplyAdaptiveEtf(
            new AdaptiveEtfOptions { Epsilon = 0.9, Include = ["hidden"], MaxOutputError = 1e-6 }, optimizer);
        for (var epoch = 0; epoch < 3; epoch++)
        {
            TrainingLoop.Epoch(model, optimizer, _data, etf);
            etf.EndEpoch();
        }

        etf.Report.FixedLayers.Should().BeEmpty();
        etf.Report.Layers.Single(layer => layer.Name == "hidden").Note.Should().StartWith("waits: a frame's outputs would be");
    }

    [Theory]
    [InlineData(0.01, false)]
    [InlineData(1.0, true)]
    public void Layer_WhoseFixWouldCostTheNetwork_WaitsBeforeAnythingChanges(double maxErrorRise, bool isFixed)
    {
        manual_seed(2);
        using var model = nn.Sequential(("hidden", nn.Linear(16, 16)), ("norm", nn.BatchNorm1d(16)), ("act", nn.ReLU()),
            ("head", nn.Linear(16, 4)));
        using var optimizer = optim.SGD(model.parameters(), 0.05, momentum: 0.9);
        // An identity frame that is not matched gives the next layers what they have never seen.
        using var etf = model.ApplyAdaptiveEtf(
            AdaptiveEtfOptions.Paper with { Epsilon = 0.3, Include = ["hidden"], MaxErrorRise = maxErrorRise }, optimizer);
        for (var epoch = 0; epoch < 4; epoch++)
        {
            TrainingLoop.Epoch(model, optimizer, _data, etf);
            etf.EndEpoch();
        }

        etf.Report.FixedLayers.Should().HaveCount(isFixed ? 1 : 0);
        if (!isFixed)
            etf.Report.Layers.Single(layer => layer.Name == "hidden").Note
                .Should().StartWith("waits: the outputs' NCC error would rise from");
    }

    [Fact]
    public void Decision_Exact_ScoresTheKeptBatchesOfTheFirstEpochAlready()
    {
        using var model = Shapes.Make("ModuleField");
        using var optimizer = optim.SGD(model.parameters(), 0.05, momentum: 0.9);
        using var etf = model.ApplyAdaptiveEtf(new AdaptiveEtfOptions { Epsilon = 1e-9, Decision = FixDecision.Exact }, optimizer);
        TrainingLoop.Epoch(model, optimizer, _data, etf);
        var report = etf.EndEpoch();

        using var monitor = new NccMonitor(model);
        var exact = monitor.Evaluate(_data.Batches());
        report.Layers.Select(layer => layer.NccError).Should().Equal(report.Layers.Select(layer => exact[layer.Name].NccError));
        report.Layers.Should().OnlyContain(layer => layer.NccError != null);
    }

    [Fact]
    public void Models_OfTwoInputs_AreCalibratedByReplay()
    {
        using var model = new TwoInputs();
        using var optimizer = optim.SGD(model.parameters(), 0.05, momentum: 0.9);
        using var etf = model.ApplyAdaptiveEtf(new AdaptiveEtfOptions { Epsilon = 0.3, MaxOutputError = 10 }, optimizer);
        for (var epoch = 0; epoch < 8; epoch++)
        {
            model.train();
            foreach (var (input, labels) in _data.Batches())
            {
                using var scope = NewDisposeScope();
                optimizer.zero_grad();
                nn.functional.cross_entropy(model.call(input, input * 0.5).Scores, labels).backward();
                optimizer.step();
                etf.Observe(labels);
            }

            etf.EndEpoch();
        }

        etf.Report.FixedLayers.Should().HaveCount(2);
    }

    [Fact]
    public void Models_CalledByForward_AreCalibratedByTheirLayersInputs()
    {
        using var model = Shapes.Make("ModuleField");
        using var optimizer = optim.SGD(model.parameters(), 0.05, momentum: 0.9);
        using var etf = model.ApplyAdaptiveEtf(new AdaptiveEtfOptions { Epsilon = 0.3, MaxOutputError = 10 }, optimizer);
        for (var epoch = 0; epoch < 8; epoch++)
        {
            model.train();
            foreach (var (input, labels) in _data.Batches())
            {
                using var scope = NewDisposeScope();
                optimizer.zero_grad();
                nn.functional.cross_entropy(model.forward(input), labels).backward();
                optimizer.step();
                etf.Observe(labels);
            }

            etf.EndEpoch();
        }

        etf.Report.FixedLayers.Should().HaveCount(2);
    }

    [Fact]
    public void Fix_LargeLayer_GivesItsMemoryBack()
    {
        const long width = 3000;
        using var model = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 10));
        using var optimizer = optim.Adam(model.parameters(), 0.001);
        using (var scope = NewDisposeScope())
        {
            nn.functional.cross_entropy(model.call(rand(8, width)), zeros(8, dtype: int64)).backward();
            optimizer.step();
        }

        var before = NativeHeap.Allocated();
        model.ApplyEtf(EtfFrame.Identity, ["0"], [optimizer]);
        // Weight, gradient and two moments.
        (before - NativeHeap.Allocated()).Should().BeGreaterThan((long)(3.9 * 4 * width * width));
    }

    [Fact]
    public void BatchNorm_AfterAFixedLayer_CanBeRecalibrated()
    {
        using var model = nn.Sequential(("hidden", nn.Linear(16, 16)), ("norm", nn.BatchNorm1d(16)), ("act", nn.ReLU()),
            ("head", nn.Linear(16, 4)));
        using var optimizer = optim.SGD(model.parameters(), 0.05, momentum: 0.9);
        var options = new AdaptiveEtfOptions
        {
            Epsilon = 0.3,
            Include = ["hidden"],
            MaxOutputError = 10,
            MaxErrorRise = 1,
            MaxLossRise = double.PositiveInfinity,
            Frame = EtfFrame.Identity,
            MatchOutputs = false,
        };
        using var etf = model.ApplyAdaptiveEtf(options, optimizer);
        TrainingLoop.UntilFixed(model, optimizer, _data, etf, "hidden");

        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var norm = (TorchSharp.Modules.BatchNorm1d)ModuleTree.Walk(model).Single(node => node.Path == "norm").Module;
        var mean = ((nn.Module<Tensor, Tensor>)ModuleTree.Walk(model).Single(node => node.Path == "hidden").Module)
            .call(_data.Inputs).mean([0]);
        // Eight batches at momentum 0.1 leave 0.43 of what was there.
        var off = (norm.running_mean! - mean).norm().item<float>() / mean.norm().item<float>();
        off.Should().BeLessThan(0.6f);
        norm.training.Should().BeTrue("modes are restored");
    }

    public void Dispose() => _data.Dispose();

    private sealed class TwoInputs : nn.Module<Tensor, Tensor, (Tensor Scores, Tensor Features)>
    {
        private readonly nn.Module<Tensor, Tensor> hidden = nn.Linear(16, 16);
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(16, 4);

        public TwoInputs()
            : base(nameof(TwoInputs)) => RegisterComponents();

        public override (Tensor Scores, Tensor Features) forward(Tensor first, Tensor second)
        {
            using var scope = NewDisposeScope();
            var features = hidden.call(first + second).relu();
            return (head.call(features).MoveToOuterDisposeScope(), features.MoveToOuterDisposeScope());
        }
    }

    private sealed class Recorder : ILogger
    {
        public List<int> Ids { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            formatter(state, exception).Should().NotBeEmpty();
            Ids.Add(eventId.Id);
        }
    }
}
