using EtfNet.Tests.Support;
using FluentAssertions;
using Microsoft.Extensions.Logging;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Adaptive;

/// <summary>Loops that the scheduler must see right to decide right.</summary>
public sealed class SchedulerObservationTests : IDisposable
{
    private static readonly AdaptiveEtfOptions Eager = new() { Epsilon = 0.3, MaxOutputError = 10, Include = ["hidden"] };

    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Blobs _data = new();

    public void Dispose()
    {
        _data.Dispose();
        _scope.Dispose();
    }

    [Fact]
    public void GradientAccumulation_SafeguardsAndExactErrorsWork()
    {
        using var model = Model();
        using var optimizer = optim.SGD(model.parameters(), 0.05, momentum: 0.9);
        using var etf = model.ApplyAdaptiveEtf(Eager with { Decision = FixDecision.Exact, Epsilon = 1e-9 }, optimizer);
        Accumulate(model, optimizer, etf);
        var report = etf.EndEpoch();
        report.Remarks.Should().BeEmpty();
        using var monitor = new NccMonitor(model);
        var exact = monitor.Evaluate(_data.Batches());
        report.Layers.Select(layer => layer.NccError)
            .Should().Equal(report.Layers.Select(layer => exact[layer.Name].NccError)).And.NotContainNulls();
    }

    [Fact]
    public void GradientAccumulation_CostlyFix_IsRefusedAsWithoutIt()
    {
        manual_seed(2);
        using var model = nn.Sequential(
            ("hidden", nn.Linear(16, 16)), ("norm", nn.BatchNorm1d(16)), ("act", nn.ReLU()), ("head", nn.Linear(16, 4)));
        using var optimizer = optim.SGD(model.parameters(), 0.05, momentum: 0.9);
        using var etf = model.ApplyAdaptiveEtf(
            AdaptiveEtfOptions.Paper with { Epsilon = 0.3, Include = ["hidden"], MaxErrorRise = 0.01 }, optimizer);
        for (var epoch = 0; epoch < 4; epoch++)
        {
            Accumulate(model, optimizer, etf);
            etf.EndEpoch();
        }

        etf.Report.FixedLayers.Should().BeEmpty();
        etf.Report.Layers.Single(layer => layer.Name == "hidden").Note.Should().StartWith("waits: the outputs' NCC error would rise from");
    }

    [Fact]
    public void Suspend_HoldsForTheKeptInputsToo()
    {
        using var model = Model();
        using var optimizer = optim.SGD(model.parameters(), 0.05, momentum: 0.9);
        using var etf = model.ApplyAdaptiveEtf(Eager with { Decision = FixDecision.Exact, Epsilon = 1e-9 }, optimizer);
        TrainingLoop.Epoch(model, optimizer, _data, etf);
        using (etf.Suspend())
            model.call(full([32, 16], 1e20f));
        etf.EndEpoch().Layers.Should().OnlyContain(layer => layer.NccError != null && layer.NccError < 1);
    }

    [Fact]
    public void UnlabeledForwards_AreInTheReportAndTheLog()
    {
        using var model = Model();
        using var optimizer = optim.SGD(model.parameters(), 0.05);
        var log = new Messages();
        using var etf = model.ApplyAdaptiveEtf(Eager with { Logger = log }, optimizer);
        model.call(randn(7, 16));
        model.call(_data.Inputs[..32]);
        etf.Observe(_data.Labels[..32]);
        var report = etf.EndEpoch();
        report.UnlabeledForwards.Should().Be(1);
        report.ToString().Should().Contain("1 training forward had no labels");
        log.Texts.Should().ContainSingle(text => text.Contains("1 forwards in training mode had no labels", StringComparison.Ordinal));
        model.call(_data.Inputs[..32]);
        etf.Observe(_data.Labels[..32]);
        etf.EndEpoch().UnlabeledForwards.Should().Be(0);
    }

    [Fact]
    public void ExactWithoutAnyKeptLabels_SaysThatOnlineErrorsDecided()
    {
        using var model = Model();
        using var etf = model.ApplyAdaptiveEtf(Eager with { Decision = FixDecision.Exact });
        etf.Observe("hidden", randn(32, 16), _data.Labels[..32]);
        etf.EndEpoch().Remarks.Should().ContainSingle().Which.Should().Contain("online errors decided");
    }

    [Fact]
    public void SemiSupervisedLoop_NamedByTheOutput_IsScoredOnTheLabeledBatch()
    {
        using var model = Model();
        using var optimizer = optim.SGD(model.parameters(), 0.05, momentum: 0.9);
        using var etf = model.ApplyAdaptiveEtf(Eager, optimizer);
        for (var epoch = 0; epoch < 4; epoch++)
        {
            foreach (var (input, labels) in _data.Batches())
            {
                using var scope = NewDisposeScope();
                optimizer.zero_grad();
                var output = model.call(input);
                var loss = nn.functional.cross_entropy(output, labels) + (0.01 * model.call(randn(32, 16)).square().mean());
                loss.backward();
                optimizer.step();
                if (epoch == 0)
                    etf.Invoking(e => e.Observe(labels))
                        .Should().Throw<ArgumentException>().WithMessage("*different inputs*Observe(labels, output)*");
                etf.Observe(labels, output);
            }

            etf.EndEpoch();
        }

        etf.Report.FixedLayers.Should().ContainSingle();
        etf.Report.UnlabeledForwards.Should().Be(8);
    }

    [Fact]
    public void Mixup_ForwardsSuspended_CleanBatchesOfTheUserDecide()
    {
        using var model = Model();
        using var optimizer = optim.SGD(model.parameters(), 0.05, momentum: 0.9);
        using var etf = model.ApplyAdaptiveEtf(Eager, optimizer);
        etf.Invoking(e => e.EndEpoch((IEnumerable<(Tensor, Tensor)>)null!)).Should().Throw<ArgumentNullException>();
        EtfReport report = etf.Report;
        for (var epoch = 0; epoch < 4 && report.FixedLayers.Count == 0; epoch++)
        {
            foreach (var (input, labels) in _data.Batches())
            {
                using var scope = NewDisposeScope();
                using var suspended = etf.Suspend();
                var order = randperm(labels.shape[0]);
                optimizer.zero_grad();
                var output = model.call((0.7 * input) + (0.3 * input.index_select(0, order)));
                var loss = 0.7 * nn.functional.cross_entropy(output, labels);
                (loss + (0.3 * nn.functional.cross_entropy(output, labels.index_select(0, order)))).backward();
                optimizer.step();
            }

            etf.Invoking(e => e.EndEpoch()).Should().Throw<InvalidOperationException>().WithMessage("*No batch was observed*");
            report = etf.EndEpoch(_data.Batches());
            report.Layers.Should().OnlyContain(layer => layer.NccError != null, "exact errors are there from the first epoch on");
        }

        report.FixedLayers.Should().ContainSingle();
        etf.Invoking(e => e.EndEpoch([])).Should().Throw<ArgumentException>().WithMessage("*no batch*");
    }

    [Fact]
    public void ExcludedLayers_AreNotWatched_OthersAre()
    {
        using var model = nn.Sequential(("first", nn.Linear(16, 16)), ("hidden", nn.Linear(16, 16)), ("head", nn.Linear(16, 4)));
        using var etf = model.ApplyAdaptiveEtf(new AdaptiveEtfOptions { Exclude = ["head"], Include = ["hidden"] });
        model.call(_data.Inputs);
        etf.Observe(_data.Labels);
        etf.EndEpoch().Layers.Select(layer => layer.Name).Should().Equal("first", "hidden");
        HookTables.Of((nn.Module)model[2])!.Post.Count.Should().Be(0, "an excluded layer costs nothing");
    }

    [Fact]
    public void Options_OfObservation_ArePassedOn()
    {
        using var model = Model();
        var masked = 0;
        using var etf = model.ApplyAdaptiveEtf(new AdaptiveEtfOptions
        {
            ScoreEvery = 1,
            MinimumScored = 0,
            MaxPendingBytes = 1,
            IgnoreIndex = 3,
            TokenMask = _ => { masked++; return null; },
        });
        for (var i = 0; i < 2; i++)
        {
            model.call(randn(4, 5, 16));
            model.call(randn(4, 5, 16));
            etf.Observe(tensor(new long[] { 0, 1, 3, 0 }));
        }

        masked.Should().BePositive();
        etf.EndEpoch().UnlabeledForwards.Should().Be(2, "a byte holds one forward");
        Action[] wrong =
        [
            () => _ = new AdaptiveEtfOptions { ScoreEvery = 0 },
            () => _ = new AdaptiveEtfOptions { MinimumScored = -1 },
            () => _ = new AdaptiveEtfOptions { MaxPendingBytes = 0 },
        ];
        foreach (var bad in wrong)
            bad.Should().Throw<ArgumentOutOfRangeException>();
        new AdaptiveEtfOptions { ScoreEvery = 2 }.Should().NotBe(new AdaptiveEtfOptions());
        new AdaptiveEtfOptions { IgnoreIndex = null }.Should().NotBe(new AdaptiveEtfOptions());
    }

    [Fact]
    public void ModelDisposed_ObserveAndEndEpoch_SaySo()
    {
        var model = Model();
        using var etf = model.ApplyAdaptiveEtf(Eager);
        model.call(_data.Inputs);
        etf.Observe(_data.Labels);
        model.Dispose();
        etf.Invoking(e => e.Observe(_data.Labels)).Should().Throw<ObjectDisposedException>();
        etf.Invoking(e => e.EndEpoch()).Should().Throw<ObjectDisposedException>();
    }

    private static Sequential Model() => nn.Sequential(("hidden", nn.Linear(16, 16)), ("act", nn.ReLU()), ("head", nn.Linear(16, 4)));

    /// <summary>An epoch in which two batches make a step, their labels observed together.</summary>
    private void Accumulate(nn.Module<Tensor, Tensor> model, optim.Optimizer optimizer, AdaptiveEtfScheduler etf)
    {
        var waiting = new List<Tensor>();
        foreach (var (input, labels) in _data.Batches())
        {
            using var scope = NewDisposeScope();
            nn.functional.cross_entropy(model.call(input), labels).backward();
            waiting.Add(labels);
            if (waiting.Count < 2)
                continue;
            optimizer.step();
            optimizer.zero_grad();
            etf.Observe(cat(waiting));
            waiting.Clear();
        }
    }

    private sealed class Messages : ILogger
    {
        public List<string> Texts { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Texts.Add(formatter(state, exception));
    }
}
