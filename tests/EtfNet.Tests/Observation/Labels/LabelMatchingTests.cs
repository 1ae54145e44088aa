using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Observation.Labels;

/// <summary>Whose labels are these?</summary>
public sealed class LabelMatchingTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Sequential _model = nn.Sequential(("a", nn.Linear(4, 6)), ("act", nn.ReLU()), ("b", nn.Linear(6, 3)));
    private readonly NccMonitor _monitor;

    public LabelMatchingTests() => _monitor = new NccMonitor(_model);

    public void Dispose()
    {
        _monitor.Dispose();
        _model.Dispose();
        _scope.Dispose();
    }

    [Fact]
    public void TwoForwardsOfOneLengthAndDifferentInputs_AreAmbiguous_AndTheWaysOutWork()
    {
        var (labeled, other, y) = (randn(5, 4), randn(5, 4), Labels(5));
        Call(labeled, other);
        _monitor.Invoking(m => m.Observe(y)).Should().Throw<ArgumentException>()
            .WithMessage("5 labels*2 forwards of different inputs*Observe(labels, output)*Observe(cat([labels, labels]))*Suspend()*");
        _monitor.Compute()["a"].Observed.Should().Be(0);

        var outputs = Call(labeled, other);
        _monitor.Observe(y, outputs[0]);
        ShouldHaveSeen(labeled, y);
        _monitor.Reset();

        Call(labeled, other);
        _monitor.Observe(cat([y, y]));
        ShouldHaveSeen(cat([labeled, other]), cat([y, y]));
        _monitor.Reset();

        Call(labeled);
        using (_monitor.Suspend())
            Call(other);
        _monitor.Observe(y);
        ShouldHaveSeen(labeled, y);
    }

    [Fact]
    public void SameInputTwice_AsInSharpnessAwareSteps_IsOneBatchOfWhichTheFirstCounts()
    {
        var (x, y) = (randn(5, 4), Labels(5));
        Call(x);
        var features = First(x);
        using (no_grad())
            ((Linear)_model[0]).weight.add_(1);
        Call(x);
        // Another view of the same memory is the same input.
        Call(x[..5]);
        _monitor.Observe(y);
        Watched.ShouldDescribe(_monitor.Compute()["a"], features, y);
        _monitor.Compute().UnlabeledForwards.Should().Be(0);
    }

    [Fact]
    public void SameInputTwice_UnderAccumulation_EachBatchCountsOnce()
    {
        var (x, z) = (randn(5, 4), randn(4, 4));
        Call(x, x, z, z);
        _monitor.Observe(Labels(9));
        ShouldHaveSeen(cat([x, z]), Labels(9));
        _monitor.Reset();
        // Both passes of a batch, each with its labels.
        Call(x, x);
        _monitor.Observe(cat([Labels(5), Labels(5)]));
        ShouldHaveSeen(cat([x, x]), cat([Labels(5), Labels(5)]));
    }

    [Fact]
    public void BufferWrittenInBetween_IsAnotherBatch()
    {
        var buffer = randn(5, 4);
        Call(buffer);
        buffer.copy_(randn(5, 4));
        Call(buffer);
        _monitor.Invoking(m => m.Observe(Labels(5))).Should().Throw<ArgumentException>().WithMessage("*different inputs*");
    }

    [Fact]
    public void FreedAndTakenAgainMemory_IsAnotherBatch()
    {
        for (var i = 0; i < 4; i++)
        {
            using var scope = NewDisposeScope();
            Call(randn(5, 4));
        }

        _monitor.Observe(Labels(20));
        _monitor.Compute()["a"].Observed.Should().Be(20);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void ForwardsOfOtherLengths_AreLetGoAndCounted(int place)
    {
        var x = randn(5, 4);
        Call([.. Enumerable.Range(0, 3).Select(i => i == place ? x : randn(7 + i, 4))]);
        _monitor.Observe(Labels(5));
        ShouldHaveSeen(x, Labels(5));
        _monitor.EndEpoch().UnlabeledForwards.Should().Be(2);
    }

    [Fact]
    public void StepLeftWithoutLabels_NeverCausesALaterError()
    {
        for (var step = 0; step < 6; step++)
        {
            using var scope = NewDisposeScope();
            var x = randn(5, 4);
            Call(x);
            if (step % 3 == 1)
                continue;                // the loss was not a number
            _monitor.Observe(Labels(5));
        }

        _monitor.Compute()["a"].Observed.Should().Be(20);
        _monitor.Compute().UnlabeledForwards.Should().Be(2);
    }

    [Fact]
    public void AccumulationLeftHalfway_NeverCausesALaterError()
    {
        foreach (var isBroken in new[] { true, false, true, false })
        {
            using var scope = NewDisposeScope();
            Call(randn(5, 4), randn(5, 4));
            if (isBroken)
                continue;
            Call(randn(5, 4));
            _monitor.Observe(Labels(15));
        }

        _monitor.Compute()["a"].Observed.Should().Be(30);
        _monitor.Compute().UnlabeledForwards.Should().Be(4);
    }

    [Fact]
    public void ScopePerMicroBatch_LabelsObservedInTheLastOne_TakesAll()
    {
        var labels = new List<Tensor>();
        for (var i = 0; i < 4; i++)
        {
            using var scope = NewDisposeScope();
            Call(randn(5, 4));
            labels.Add(Labels(5).MoveToOuterDisposeScope());
            if (i == 3)
                _monitor.Observe(cat(labels));
        }

        _monitor.Compute()["a"].Observed.Should().Be(20);
    }

    [Fact]
    public void HundredsOfMicroBatches_AreOneAccumulation()
    {
        for (var i = 0; i < 400; i++)
        {
            using var scope = NewDisposeScope();
            Call(randn(1 + i % 3, 4));
        }

        _monitor.Observe(Labels(799));
        _monitor.Compute()["a"].Observed.Should().Be(799);
        _monitor.Compute().UnlabeledForwards.Should().Be(0);
    }

    [Fact]
    public void RefusedLabels_LeaveNothingStale()
    {
        Call(randn(5, 4), randn(6, 4));
        _monitor.Invoking(m => m.Observe(Labels(7)))
            .Should().Throw<ArgumentException>().WithMessage("7 labels*6 samples*2*11 samples together*");
        _monitor.Invoking(m => m.Observe(Labels(5).to(float32))).Should().Throw<ArgumentException>();
        // The next step.
        Call(randn(5, 4));
        _monitor.Observe(Labels(5));
        _monitor.Compute()["a"].Observed.Should().Be(5);
        _monitor.Compute().UnlabeledForwards.Should().Be(2);
    }

    [Fact]
    public void NamedForwards_OneAfterTheOther_EachGetsItsLabels()
    {
        var outputs = Call(randn(5, 4), randn(5, 4), randn(5, 4));
        _monitor.Observe(Labels(5), outputs[2]);
        _monitor.Observe(Labels(5), outputs[0]);
        _monitor.Invoking(m => m.Observe(Labels(5), outputs[0]))
            .Should().Throw<ArgumentException>().WithMessage("No forward that waits*(5, 3)*the tensor object that the model's call*");
        _monitor.Invoking(m => m.Observe(Labels(5), outputs[1].detach())).Should().Throw<ArgumentException>();
        _monitor.Invoking(m => m.Observe(Labels(4), outputs[1])).Should().Throw<ArgumentException>().WithMessage("4 labels*5 samples*");
        _monitor.Compute().UnlabeledForwards.Should().Be(0);
        Call(randn(5, 4));
        _monitor.Observe(Labels(5));
        _monitor.Compute()["a"].Observed.Should().Be(15);
        _monitor.Compute().UnlabeledForwards.Should().Be(1, "the one that nobody named was let go by the next step");
    }

    [Theory]
    [InlineData("tuple")]
    [InlineData("dictionary")]
    [InlineData("object")]
    [InlineData("list")]
    public void ModelsThatReturnSeveralTensors_AnyOfThemNamesTheForward(string kind)
    {
        using var model = new Several(kind);
        using var monitor = new NccMonitor(model);
        for (var which = 0; which < 2; which++)
        {
            var first = model.call(randn(5, 4));
            model.call(randn(5, 4));
            monitor.Observe(Labels(5), TensorsOf.All(first)[which]);
        }

        model.call(randn(6, 4));
        monitor.Observe(Labels(6));
        monitor.Compute()["Layer"].Observed.Should().Be(16);
    }

    [Fact]
    public void NullArguments_Throw()
    {
        Call(randn(5, 4));
        _monitor.Invoking(m => m.Observe(null!)).Should().Throw<ArgumentNullException>();
        _monitor.Invoking(m => m.Observe(Labels(5), null!)).Should().Throw<ArgumentNullException>();
        _monitor.Invoking(m => m.Observe(null!, randn(1))).Should().Throw<ArgumentNullException>();
    }

    private static Tensor Labels(int count) => arange(count).remainder(3);

    private Tensor[] Call(params Tensor[] inputs) => [.. inputs.Select(_model.call)];

    private Tensor First(Tensor input) => ((Linear)_model[0]).forward(input).relu().detach();

    private void ShouldHaveSeen(Tensor input, Tensor labels) => Watched.ShouldDescribe(_monitor.Compute()["a"], First(input), labels);

    private sealed class Result(Tensor scores, Tensor features)
    {
        public Tensor Scores => scores;

        public Tensor Features => features;
    }

    private sealed class Several : nn.Module<Tensor, object>
    {
        private readonly nn.Module<Tensor, Tensor> Layer = nn.Linear(4, 3);
        private readonly string _kind;

        public Several(string kind)
            : base(nameof(Several))
        {
            _kind = kind;
            RegisterComponents();
        }

        public override object forward(Tensor input)
        {
            var scores = Layer.call(input);
            var features = scores.relu();
            return _kind switch
            {
                "tuple" => (scores, features),
                "dictionary" => new Dictionary<string, Tensor> { ["scores"] = scores, ["features"] = features },
                "list" => new List<Tensor> { scores, features },
                _ => new Result(scores, features),
            };
        }
    }
}
