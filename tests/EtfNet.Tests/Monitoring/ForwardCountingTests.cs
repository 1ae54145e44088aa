using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Monitoring;

public sealed class ForwardCountingTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Sequential _model = nn.Sequential(("a", nn.Linear(4, 6)), ("act", nn.ReLU()), ("b", nn.Linear(6, 3)));
    private readonly NccMonitor _monitor;

    public ForwardCountingTests() => _monitor = new NccMonitor(_model);

    public void Dispose()
    {
        _monitor.Dispose();
        _model.Dispose();
        _scope.Dispose();
    }

    [Fact]
    public void Observe_EvalModeNoGradientOrSuspended_DoesNotCount()
    {
        _model.eval();
        _model.call(randn(5, 4));
        _model.train();
        using (no_grad())
            _model.call(randn(5, 4));
        var outer = _monitor.Suspend();
        using (_monitor.Suspend())
            _model.call(randn(5, 4));
        _model.call(randn(5, 4));
        outer.Dispose();
        outer.Dispose();

        _monitor.Invoking(m => m.Observe(Labels(5)))
            .Should().Throw<InvalidOperationException>().WithMessage("*No forward*call()*Observe(layer*");
        _monitor.Compute().UnlabeledForwards.Should().Be(0);

        _model.call(randn(5, 4));
        _monitor.Observe(Labels(5));
        _monitor.Compute().Layers.Should().OnlyContain(layer => layer.Observed == 5);
    }

    [Fact]
    public void Observe_LengthOfTheLast_TakesItAndCountsTheOthers()
    {
        _model.call(randn(7, 4));
        _model.call(randn(7, 4));
        _model.call(randn(5, 4));
        _monitor.Observe(Labels(5));
        _monitor.Compute().UnlabeledForwards.Should().Be(2);
        _monitor.Compute().Layers.Should().OnlyContain(layer => layer.Observed == 5);
        _monitor.Invoking(m => m.Observe(Labels(5))).Should().Throw<InvalidOperationException>("the forward was taken");
        _monitor.EndEpoch().UnlabeledForwards.Should().Be(2);
        _monitor.Compute().UnlabeledForwards.Should().Be(0);
    }

    [Fact]
    public void Observe_LengthOfAllTogether_TakesAllInOrder()
    {
        var (first, second) = (randn(4, 4), randn(3, 4));
        _model.call(first);
        _model.call(second);
        var labels = tensor(new long[] { 0, 1, 2, 0, 2, 2, 1 });
        _monitor.Observe(labels);

        var features = cat([first, second]).mm(((Linear)_model[0]).weight.t()).add(((Linear)_model[0]).bias!).relu();
        Watched.ShouldDescribe(_monitor.Compute()["a"], features, labels);
        _monitor.Compute().UnlabeledForwards.Should().Be(0);
    }

    [Fact]
    public void Observe_LengthThatFitsNothing_NamesBothAndKeepsTheForwards()
    {
        _model.call(randn(7, 4));
        _monitor.Invoking(m => m.Observe(Labels(5))).Should().Throw<ArgumentException>().WithMessage("*5 labels*7 samples*");
        _monitor.Observe(Labels(7));
        _model.call(randn(7, 4));
        _model.call(randn(8, 4));
        _monitor.Invoking(m => m.Observe(Labels(5))).Should().Throw<ArgumentException>().WithMessage("*5 labels*8*2*15*");
        _monitor.Compute().Layers.Should().OnlyContain(layer => layer.Observed == 7);
        _monitor.Observe(Labels(15));
        _monitor.Compute().Layers.Should().OnlyContain(layer => layer.Observed == 22);
    }

    [Fact]
    public void Observe_MoreForwardsThanMayWait_DiscardsTheOldest()
    {
        // A forward of 2 holds 2 x (6 + 3) features, 2 x 4 inputs and 2 x 3 class scores of 4 bytes.
        using var monitor = new NccMonitor(_model, new NccMonitorOptions { MaxPendingBytes = 300 });
        for (var i = 0; i < 5; i++)
            _model.call(randn(2, 4));
        monitor.Compute().UnlabeledForwards.Should().Be(3);
        monitor.Invoking(m => m.Observe(Labels(10)))
            .Should().Throw<ArgumentException>().WithMessage("*10 labels*3 forwards*MaxPendingBytes = 300*");
        monitor.Observe(Labels(4));
        monitor.Compute()["b"].Observed.Should().Be(4);
    }

    [Fact]
    public void Observe_ScopeClosedBefore_DoesNoHarm()
    {
        var input = randn(6, 4);
        var labels = Labels(6);
        Tensor features;
        using (NewDisposeScope())
        {
            _model.call(input);
            features = input.mm(((Linear)_model[0]).weight.t()).add(((Linear)_model[0]).bias!).relu().MoveToOuterDisposeScope();
        }

        _monitor.Observe(labels);
        Watched.ShouldDescribe(_monitor.Compute()["a"], features, labels);
    }

    [Fact]
    public void Observe_ModelUsedByForward_LayersInsideAreSeen()
    {
        // The root's hooks do not fire, its children's do: a forward begins when the first layer fires again.
        _model.forward(randn(6, 4));
        _model.forward(randn(5, 4));
        _monitor.Observe(Labels(11));
        _monitor.Compute().Layers.Should().OnlyContain(layer => layer.Observed == 11);
    }

    [Fact]
    public void Reset_AfterEpochs_ForgetsEverything()
    {
        _model.call(randn(5, 4));
        _monitor.Observe(Labels(5));
        _monitor.EndEpoch();
        _model.call(randn(5, 4));
        _monitor.Reset();
        _monitor.Invoking(m => m.Observe(Labels(5))).Should().Throw<InvalidOperationException>();
        var report = _monitor.Compute();
        (report.Epoch, report["a"].Observed).Should().Be((1, 0));
        _model.call(randn(5, 4));
        _monitor.Observe(Labels(5));
        _monitor.Compute()["a"].NccError.Should().BeNull("the centers are gone, too");
    }

    private static Tensor Labels(int count) => arange(count).remainder(3);
}
