using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Adaptive.Optimizers;

/// <summary>One optimizer over two models, each with a scheduler; and parameters that are no model's.</summary>
public sealed class TwoModelsTests : IDisposable
{
    private static readonly AdaptiveEtfOptions Options =
        TrainingLoop.Eager with { Epsilon = 0.45, MaxPerEpoch = 1, RequireConfidence = false };

    private readonly Blobs _data = new(noise: 0.6);
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Restore_OneOfTwoModels_LeavesTheOthersWeightsAndStateAlone()
    {
        using var pair = new Pair(_data);
        pair.Train(1);
        var first = pair.First.Snapshot();
        var early = TrainingReading.Weights(pair.A);
        pair.Train(4);
        pair.First.Report.FixedLayers.Should().NotBeEmpty();
        pair.Second.Report.FixedLayers.Should().NotBeEmpty();
        var (weights, state) = (TrainingReading.Weights(pair.B), pair.StateOf(pair.B));

        pair.First.Restore(first);
        TrainingReading.Weights(pair.A).Should().Equal(early);
        TrainingReading.Weights(pair.B).Should().Equal(weights);
        pair.StateOf(pair.B).Should().Equal(state);
        pair.Train(1);
    }

    [Fact]
    public void Load_BothModels_ContinuesBitForBit()
    {
        using var straight = new Pair(_data);
        straight.Train(6);
        using var begun = new Pair(_data);
        begun.Train(3);
        begun.First.Report.FixedLayers.Should().NotBeEmpty();
        EtfCheckpoint.Save(_folder.File("a.etf"), begun.First);
        EtfCheckpoint.Save(_folder.File("b.etf"), begun.Second);
        using var resumed = new Pair(_data);
        EtfCheckpoint.Load(_folder.File("a.etf"), resumed.First);
        EtfCheckpoint.Load(_folder.File("b.etf"), resumed.Second);
        resumed.Train(3);
        TrainingReading.Weights(resumed.A).Should().Equal(TrainingReading.Weights(straight.A));
        TrainingReading.Weights(resumed.B).Should().Equal(TrainingReading.Weights(straight.B));
        TrainingReading.State(resumed.Optimizer).Should().Equal(TrainingReading.State(straight.Optimizer));
    }

    /// <summary>A loss with a parameter of its own in the same group: its optimizer state is saved and comes back.</summary>
    [Fact]
    public void Load_ParameterOutsideTheModel_GetsItsStateBack()
    {
        manual_seed(4);
        using var model = Shapes.Make("ModuleField");
        using var own = new Parameter(ones(3));
        using var optimizer = optim.Adam(new[] { own }.Concat(model.parameters()).ToList(), 0.005);
        using (var etf = model.ApplyAdaptiveEtf(Options, optimizer))
        {
            Train(model, own, optimizer, etf);
            Train(model, own, optimizer, etf);
            EtfCheckpoint.Save(_folder.File("own.etf"), etf);
        }

        using var fresh = Shapes.Make("ModuleField");
        using var other = new Parameter(ones(3));
        using var resumed = optim.Adam(new[] { other }.Concat(fresh.parameters()).ToList(), 0.005);
        using var scheduler = fresh.ApplyAdaptiveEtf(Options, resumed);
        EtfCheckpoint.Load(_folder.File("own.etf"), scheduler);
        TrainingReading.State(resumed).Should().Equal(TrainingReading.State(optimizer));
        TrainingReading.Names(resumed, fresh)[0].Should().Be("0:?");

        using var wrong = new Parameter(ones(5));
        using var third = Shapes.Make("ModuleField");
        using var without = optim.Adam(new[] { wrong }.Concat(third.parameters()).ToList(), 0.005);
        EtfCheckpoint.Load(_folder.File("own.etf"), third, without);
        ((Adam.State)OptimizerStates.Of(without, wrong)!).step.Should().Be(0, "another parameter than the saved one keeps what it has");
    }

    public void Dispose()
    {
        _data.Dispose();
        _folder.Dispose();
    }

    private void Train(nn.Module<Tensor, Tensor> model, Parameter own, optim.Optimizer optimizer, AdaptiveEtfScheduler etf)
    {
        foreach (var (input, labels) in _data.Batches())
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            (nn.functional.cross_entropy(model.call(input), labels) + own.square().sum()).backward();
            optimizer.step();
            etf.Observe(labels);
        }

        etf.EndEpoch();
    }

    private sealed class Pair : IDisposable
    {
        private readonly Blobs _data;

        public Pair(Blobs data)
        {
            _data = data;
            manual_seed(6);
            (A, B) = (Shapes.Make("ModuleField"), Shapes.Make("Sequential"));
            Optimizer = optim.Adam(A.parameters().Concat(B.parameters()).ToList(), 0.005);
            (First, Second) = (A.ApplyAdaptiveEtf(Options, Optimizer), B.ApplyAdaptiveEtf(Options, Optimizer));
        }

        public nn.Module<Tensor, Tensor> A { get; }

        public nn.Module<Tensor, Tensor> B { get; }

        public Adam Optimizer { get; }

        public AdaptiveEtfScheduler First { get; }

        public AdaptiveEtfScheduler Second { get; }

        public void Train(int epochs)
        {
            for (var epoch = 0; epoch < epochs; epoch++)
            {
                foreach (var (input, labels) in _data.Batches())
                {
                    using var scope = NewDisposeScope();
                    Optimizer.zero_grad();
                    (nn.functional.cross_entropy(A.call(input), labels) + nn.functional.cross_entropy(B.call(input), labels)).backward();
                    Optimizer.step();
                    First.Observe(labels);
                    Second.Observe(labels);
                }

                First.EndEpoch();
                Second.EndEpoch();
            }
        }


        public IReadOnlyList<string> StateOf(nn.Module model) =>
            [.. model.parameters().Select(parameter => OptimizerStates.Of(Optimizer, parameter)!)
                .Select(state => Convert.ToHexString(StateBytes.Write(state.SaveStateDict)))];

        public void Dispose()
        {
            First.Dispose();
            Second.Dispose();
            Optimizer.Dispose();
            A.Dispose();
            B.Dispose();
        }
    }
}
