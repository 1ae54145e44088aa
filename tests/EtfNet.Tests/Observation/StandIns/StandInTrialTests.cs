using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Observation.Recording;

/// <summary>A stand-in must not change what the model computes.</summary>
public sealed class StandInTrialTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData(Use.Weight)]
    [InlineData(Use.TypeTest)]
    [InlineData(Use.Key)]
    public void ForwardThatLooksAtItsLayers_ComputesTheSame_WatchedOrNot(Use use)
    {
        var weights = new List<float[]>();
        foreach (var watched in new[] { false, true })
        {
            using var data = new Blobs();
            using var model = new Looking(use);
            using var optimizer = optim.SGD(model.parameters(), 0.05);
            using var monitor = watched ? new NccMonitor(model) : null;
            for (var epoch = 0; epoch < 2; epoch++)
            {
                foreach (var (input, labels) in data.Batches())
                {
                    optimizer.zero_grad();
                    nn.functional.cross_entropy(model.call(input), labels).backward();
                    optimizer.step();
                    monitor?.Observe(labels);
                }

                var report = monitor?.EndEpoch();
                if (report is not null)
                    report["middle"].Reason.Should().Contain("looks at its type or at its weight: call it by call()");
            }

            model.Middle.Should().BeOfType<Linear>();
            weights.Add([.. model.parameters().SelectMany(parameter => parameter.data<float>().ToArray())]);
        }

        weights[1].Should().Equal(weights[0]);
    }

    [Fact]
    public void TrialOfStandIns_ComesAfterTheStep_AndLeavesWhatBackwardAndTheLoopNeed()
    {
        using var model = new Keeping();
        using var optimizer = optim.SGD(model.parameters(), 0.05);
        using var monitor = new NccMonitor(model);
        using var data = new Blobs();
        foreach (var (input, labels) in data.Batches())
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            var output = model.call(input);
            model.Kept!.requires_grad.Should().BeTrue();
            (nn.functional.cross_entropy(output, labels) + model.Kept).backward();
            optimizer.step();
            monitor.Observe(labels);
            model.Kept.item<float>().Should().BeGreaterThanOrEqualTo(0);
        }

        monitor.EndEpoch()["middle"].Observed.Should().BeGreaterThan(0);
    }

    [Fact]
    public void Evaluate_ForwardThatLooksAtItsLayers_Works()
    {
        using var model = new Looking(Use.Weight);
        using var monitor = new NccMonitor(model);
        using var data = new Blobs();
        monitor.Evaluate(data.Batches())["first"].NccError.Should().NotBeNull();
        model.Middle.Should().BeOfType<Linear>();
    }

    [Fact]
    public void ModelThatCannotBeCalledAgain_IsRecordedWithoutATrial()
    {
        using var model = new WithFlag();
        ObservedInAnEpoch(model, input => model.call(input, true)).Should().BeGreaterThan(0);
    }

    [Fact]
    public void ModelWithNoise_IsRecorded()
    {
        using var model = new Looking(Use.Noise);
        ObservedInAnEpoch(model, model.call).Should().BeGreaterThan(0);
    }

    [Fact]
    public void LayerThatJoinsIn_DuringTheTrial_IsLeftInItsPlace()
    {
        using var model = new Looking(Use.Joining);
        ObservedInAnEpoch(model, model.call).Should().BeGreaterThan(0);
    }

    [Fact]
    public void LayerThatIsCalledByForwardOnlyLater_IsSeenInTheNextEpoch()
    {
        using var model = new Looking(Use.Later);
        using var monitor = new NccMonitor(model);
        using var data = new Blobs();
        for (var epoch = 1; epoch <= 3; epoch++)
        {
            model.Late = epoch > 1;
            foreach (var (input, labels) in data.Batches())
            {
                model.call(input);
                monitor.Observe(labels);
            }

            (monitor.EndEpoch()["middle"].NccError is not null).Should().Be(epoch == 3);
        }
    }

    [Fact]
    public void Resumed_LayersCalledByForward_EqualTheUninterruptedTraining()
    {
        using var data = new Blobs(32);
        using var stream = new MemoryStream();
        using var model = new Looking(Use.Forward);
        using var optimizer = optim.SGD(model.parameters(), 0.05, momentum: 0.9);
        using var etf = model.ApplyAdaptiveEtf(TrainingLoop.Eager with { WarmupEpochs = 3, Epsilon = 0.95 }, optimizer);
        for (var epoch = 0; epoch < 3; epoch++)
        {
            TrainingLoop.Epoch(model, optimizer, data, etf);
            etf.EndEpoch();
        }

        EtfCheckpoint.Save(stream, etf);
        stream.Position = 0;
        using var resumed = new Looking(Use.Forward);
        using var its = optim.SGD(resumed.parameters(), 0.05, momentum: 0.9);
        using var other = resumed.ApplyAdaptiveEtf(etf.Options, its);
        EtfCheckpoint.Load(stream, other);
        for (var epoch = 0; epoch < 2; epoch++)
        {
            TrainingLoop.Epoch(model, optimizer, data, etf);
            TrainingLoop.Epoch(resumed, its, data, other);
            other.EndEpoch().Should().BeEquivalentTo(etf.EndEpoch());
        }

        etf.Report["middle"].NccError.Should().NotBeNull();
        ModelBytes.Of(resumed).Should().Equal(ModelBytes.Of(model));
    }

    /// <summary>Calls a layer by forward, has a buffer and a batch norm, and keeps a tensor that the loss needs.</summary>
    private sealed class Keeping : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> middle = nn.Linear(Blobs.Width, 8);
        private readonly nn.Module<Tensor, Tensor> norm = nn.BatchNorm1d(8);
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(8, Blobs.Classes);
        private readonly Tensor _factors = ones(8);

        public Keeping()
            : base(nameof(Keeping))
        {
            RegisterComponents();
            register_buffer("factors", _factors);
        }

        public Tensor? Kept { get; private set; }

        public override Tensor forward(Tensor input)
        {
            var hidden = norm.call(middle.forward(input)) * _factors;
            Kept = hidden.square().mean();
            return head.call(hidden.relu());
        }
    }

    private static long ObservedInAnEpoch(nn.Module model, Func<Tensor, Tensor> call)
    {
        using var monitor = new NccMonitor(model);
        using var data = new Blobs();
        foreach (var (input, labels) in data.Batches())
        {
            call(input).sum().backward();
            monitor.Observe(labels);
        }

        return monitor.EndEpoch()["middle"].Observed;
    }

    /// <summary>Takes something that is no tensor, and calls a layer by forward.</summary>
    private sealed class WithFlag : nn.Module<Tensor, bool, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> middle = nn.Linear(Blobs.Width, 8);
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(8, Blobs.Classes);

        public WithFlag()
            : base(nameof(WithFlag)) => RegisterComponents();

        public override Tensor forward(Tensor input, bool flag) => head.call(flag ? middle.forward(input) : middle.forward(-input));
    }

    /// <summary>How a forward uses its middle layer.</summary>
    public enum Use
    {
        Weight,
        TypeTest,
        Key,
        Joining,
        Noise,
        Later,
        Forward,
    }

    private sealed class Looking : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> first = nn.Linear(Blobs.Width, 8);
        private readonly nn.Module<Tensor, Tensor> middle = nn.Linear(8, 8);
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(8, Blobs.Classes);
        private readonly Dictionary<nn.Module, double> _factors = [];
        private readonly Use _use;
        private int _calls;

        public Looking(Use use)
            : base(nameof(Looking))
        {
            _use = use;
            _factors[middle] = 2;
            RegisterComponents();
            using var generator = new Generator(3);
            using var noGrad = no_grad();
            foreach (var parameter in parameters())
                parameter.normal_(0, 0.3, generator: generator);
        }

        public nn.Module Middle => middle;

        public bool Late { get; set; }

        public override Tensor forward(Tensor input)
        {
            var hidden = first.call(input).relu();
            hidden = _use switch
            {
                Use.Weight => nn.functional.linear(hidden, ((Linear)middle).weight, ((Linear)middle).bias),
                Use.TypeTest => middle is Linear linear ? nn.functional.linear(hidden, linear.weight) : hidden,
                Use.Key => middle.forward(hidden) * _factors[middle],
                Use.Joining => ++_calls > 2 ? middle.call(hidden) * _factors[middle] : hidden,
                Use.Noise => middle.forward(hidden * Random.Shared.NextDouble()),
                Use.Later => Late ? middle.forward(hidden) : hidden,
                _ => middle.forward(hidden),
            };
            return head.call(hidden.relu());
        }
    }
}
