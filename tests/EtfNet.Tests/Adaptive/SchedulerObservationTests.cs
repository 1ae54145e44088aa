using EtfNet.Tests.Support;
using FluentAssertions;
using Microsoft.Extensions.Logging;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Adaptive;

/// <summary>Loops and models that the scheduler must see right to decide right.</summary>
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
    public void MnistExampleOfTorchSharp_ChildrenByForward_TrainsUnderDefaultsWithLayersFixed()
    {
        using var generator = new Generator(4);
        var images = 2 * randn(4, 1, 12, 12, generator: generator);
        using var model = new Mnist();
        using var optimizer = optim.Adam(model.parameters(), 0.002);
        var names = model.state_dict().Keys.ToList();
        using var etf = model.ApplyAdaptiveEtf(0.1, optimizer);
        EtfReport report = etf.Report;
        for (var epoch = 0; epoch < 5 && report.FixedLayers.Count == 0; epoch++)
        {
            for (var i = 0; i < 30; i++)
            {
                using var scope = NewDisposeScope();
                var y = randint(0, 4, [48], dtype: int64, generator: generator);
                var x = images.index_select(0, y) + (0.5 * randn(48, 1, 12, 12, generator: generator));
                optimizer.zero_grad();
                nn.functional.nll_loss(model.call(x), y).backward();
                optimizer.step();
                if (epoch == 0 && i == 1)
                    model.state_dict().Keys.Should().Equal(names);
                etf.Observe(y);
            }

            report = etf.EndEpoch();
        }

        report.FixedLayers.Should().NotBeEmpty(report.ToString());
        report.UnlabeledForwards.Should().Be(0);
    }

    [Theory]
    [InlineData(false, FixDecision.Online)]
    [InlineData(true, FixDecision.Online)]
    [InlineData(false, FixDecision.Exact)]
    public void Tagger_LabelsPerToken_TrainsUnderDefaultsWithLayersFixed(bool flat, FixDecision decision)
    {
        using var generator = new Generator(4);
        var words = 2 * randn(5, 16, generator: generator);
        using var model = new Tagger(flat);
        using var optimizer = optim.Adam(model.parameters(), 0.005);
        using var etf = model.ApplyAdaptiveEtf(new AdaptiveEtfOptions { Epsilon = 0.1, Decision = decision }, optimizer);
        EtfReport report = etf.Report;
        for (var epoch = 0; epoch < 6 && report.FixedLayers.Count == 0; epoch++)
        {
            for (var i = 0; i < 20; i++)
            {
                using var scope = NewDisposeScope();
                var y = randint(0, 5, [16, 7], dtype: int64, generator: generator);
                var x = words.index_select(0, y.flatten()).reshape(16, 7, 16) + (0.5 * randn(16, 7, 16, generator: generator));
                // Padding has no class.
                y[.., 6] = -100;
                optimizer.zero_grad();
                nn.functional.cross_entropy(model.call(x).reshape(-1, 5), y.flatten()).backward();
                optimizer.step();
                etf.Observe(y);
            }

            report = etf.EndEpoch();
        }

        report.FixedLayers.Should().NotBeEmpty(report.ToString());
        report.Remarks.Should().BeEmpty();
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
        report.Layers.Select(layer => layer.NccError).Should().Equal(report.Layers.Select(layer => exact[layer.Name].NccError)).And.NotContainNulls();
    }

    [Fact]
    public void GradientAccumulation_CostlyFix_IsRefusedAsWithoutIt()
    {
        manual_seed(2);
        using var model = nn.Sequential(("hidden", nn.Linear(16, 16)), ("norm", nn.BatchNorm1d(16)), ("act", nn.ReLU()), ("head", nn.Linear(16, 4)));
        using var optimizer = optim.SGD(model.parameters(), 0.05, momentum: 0.9);
        using var etf = model.ApplyAdaptiveEtf(AdaptiveEtfOptions.Paper with { Epsilon = 0.3, Include = ["hidden"], MaxErrorRise = 0.01 }, optimizer);
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
                    etf.Invoking(e => e.Observe(labels)).Should().Throw<ArgumentException>().WithMessage("*different inputs*Observe(labels, output)*");
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
                ((0.7 * nn.functional.cross_entropy(output, labels)) + (0.3 * nn.functional.cross_entropy(output, labels.index_select(0, order)))).backward();
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
        foreach (var bad in new Action[] { () => _ = new AdaptiveEtfOptions { ScoreEvery = 0 }, () => _ = new AdaptiveEtfOptions { MinimumScored = -1 }, () => _ = new AdaptiveEtfOptions { MaxPendingBytes = 0 } })
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

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Texts.Add(formatter(state, exception));
    }

    /// <summary>The shape of TorchSharp's own MNIST example.</summary>
    private sealed class Mnist : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> conv1 = nn.Conv2d(1, 16, 3);
        private readonly nn.Module<Tensor, Tensor> conv2 = nn.Conv2d(16, 16, 3);
        private readonly nn.Module<Tensor, Tensor> fc1 = nn.Linear(256, 32);
        private readonly nn.Module<Tensor, Tensor> fc2 = nn.Linear(32, 4);
        private readonly nn.Module<Tensor, Tensor> pool1 = nn.MaxPool2d(2);
        private readonly nn.Module<Tensor, Tensor> relu1 = nn.ReLU();
        private readonly nn.Module<Tensor, Tensor> dropout1 = nn.Dropout(0.25);
        private readonly nn.Module<Tensor, Tensor> flatten = nn.Flatten();
        private readonly nn.Module<Tensor, Tensor> logsm = nn.LogSoftmax(1);

        public Mnist()
            : base(nameof(Mnist)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            var maps = pool1.forward(relu1.forward(conv2.forward(relu1.forward(conv1.forward(input)))));
            var features = relu1.forward(fc1.forward(flatten.forward(dropout1.forward(maps))));
            return logsm.forward(fc2.forward(features));
        }
    }

    private sealed class Tagger : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> body = nn.Linear(16, 16);
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(16, 5);
        private readonly bool _flat;

        public Tagger(bool flat)
            : base(nameof(Tagger))
        {
            _flat = flat;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            var output = head.call(nn.functional.relu(body.call(input)));
            return _flat ? output.reshape(-1, 5) : output;
        }
    }
}
