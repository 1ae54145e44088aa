using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Observation;

/// <summary>What is a forward, and which forwards count.</summary>
public sealed class ForwardObserverTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Linear _head = nn.Linear(6, 3);
    private readonly Sequential _model;
    private readonly NccMonitor _monitor;

    public ForwardObserverTests()
    {
        _model = nn.Sequential(("a", nn.Linear(4, 6)), ("act", nn.ReLU()), ("head", _head));
        _monitor = new NccMonitor(_model);
    }

    private static long Live => DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

    public void Dispose()
    {
        _monitor.Dispose();
        _model.Dispose();
        _scope.Dispose();
    }

    [Fact]
    public void LayerCalledOutside_OnceTheModelWasCalled_BelongsToNoForward()
    {
        _model.call(randn(5, 4));
        _head.call(randn(5, 6)).sum().backward();
        _head.call(randn(9, 6));
        _monitor.Observe(Labels(5));
        _monitor.Compute().Layers.Should().OnlyContain(layer => layer.Observed == 5);
        _monitor.Compute().UnlabeledForwards.Should().Be(0);
    }

    [Fact]
    public void LayerCalledBeforeTheModel_IsLetGoWhenThatIsCalled()
    {
        _head.call(randn(5, 6));
        _model.call(randn(5, 4));
        _monitor.Observe(Labels(5));
        _monitor.Compute()["head"].Observed.Should().Be(5);
    }

    [Fact]
    public void ForwardThatThrew_LeavesNothingAndLayersCalledAfterItBelongToNone()
    {
        using var model = new Failing();
        using var monitor = new NccMonitor(model);
        var before = Live;
        for (var i = 0; i < 3; i++)
        {
            model.Fails = true;
            using (NewDisposeScope())
                model.Invoking(m => m.call(randn(7, 4))).Should().Throw<NotSupportedException>();
            model.Fails = false;
            using (NewDisposeScope())
                model.Layer.call(randn(5, 4));
            using (NewDisposeScope())
                model.call(randn(5, 4));
            using (NewDisposeScope())
                monitor.Observe(Labels(5));
            monitor.Compute()["Layer"].Observed.Should().Be(5 * (i + 1));
        }

        monitor.Compute().UnlabeledForwards.Should().Be(0);
        Live.Should().Be(before);
    }

    [Fact]
    public void ForwardThatThrew_MonitorDisposed_NoTensorIsLeft()
    {
        using var model = new Failing { Fails = true };
        var before = Live;
        using (NewDisposeScope())
        {
            using var monitor = new NccMonitor(model);
            model.Invoking(m => m.call(randn(7, 4))).Should().Throw<NotSupportedException>();
        }

        Live.Should().Be(before);
    }

    [Fact]
    public void ModelThatCallsItself_IsOneForward()
    {
        using var model = new Recursive();
        using var monitor = new NccMonitor(model);
        for (var i = 0; i < 2; i++)
        {
            model.call(randn(5, 4));
            monitor.Observe(Labels(5));
        }

        monitor.Compute()["Layer"].Observed.Should().Be(30, "the layer is called three times in each of two forwards");
        monitor.Compute().UnlabeledForwards.Should().Be(0);
    }

    [Fact]
    public void ThreadThatServes_WithoutGradients_NeverAffectsTheTraining()
    {
        var stop = false;
        var served = 0;
        var server = new Thread(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                using var scope = NewDisposeScope();
                using var noGrad = no_grad();
                _model.call(randn(served % 2 == 0 ? 8 : 5, 4));
                served++;
            }
        });
        server.Start();
        for (var i = 0; i < 300; i++)
        {
            using var scope = NewDisposeScope();
            _model.call(randn(8, 4));
            _monitor.Observe(Labels(8));
        }

        Volatile.Write(ref stop, true);
        server.Join();
        served.Should().BePositive();
        _monitor.Compute().Layers.Should().OnlyContain(layer => layer.Observed == 2400);
        _monitor.Compute().UnlabeledForwards.Should().Be(0);
    }

    [Fact]
    public void LoopThatAwaits_CallsAndObservesOnDifferentThreads_IsOneTraining()
    {
        for (var i = 0; i < 20; i++)
        {
            On(() => _model.call(randn(4, 4)).Dispose());
            On(() => _model.call(randn(3, 4)).Dispose());
            On(() => _monitor.Observe(Labels(7)));
        }

        _monitor.Compute().Layers.Should().OnlyContain(layer => layer.Observed == 140);

        static void On(Action work)
        {
            Exception? thrown = null;
            var thread = new Thread(() => thrown = Record.Exception(work));
            thread.Start();
            thread.Join();
            thrown.Should().BeNull();
        }
    }

    [Fact]
    public void ModelAlwaysUsedByForward_ValidatedByCall_IsStillOpenedByItsLayers()
    {
        for (var epoch = 0; epoch < 2; epoch++)
        {
            _model.train();
            _model.forward(randn(6, 4));
            _model.forward(randn(5, 4));
            _monitor.Observe(Labels(11));
            _model.eval();
            _model.call(randn(9, 4));
            _model.train();
        }

        _monitor.Compute()["a"].Observed.Should().Be(22);
    }

    [Fact]
    public void SecondMonitor_OfTheSameModel_MatchesItsLabelsItself()
    {
        using var other = new NccMonitor(_model);
        _model.call(randn(5, 4));
        using (other.Suspend())
            _model.call(randn(6, 4));
        other.Observe(Labels(5));
        _monitor.Observe(Labels(11));
        other.Compute()["a"].Observed.Should().Be(5);
        _monitor.Compute()["a"].Observed.Should().Be(11);
    }

    [Fact]
    public void LastMonitorDisposed_NoHookIsLeft()
    {
        var other = new NccMonitor(_model);
        _monitor.Dispose();
        Hooks(_head).Should().Be(1);
        other.Dispose();
        Hooks(_head).Should().Be(0);
        Hooks(_model).Should().Be(0);
        HookTables.Of(_model)!.Pre.Count.Should().Be(0);

        static int Hooks(nn.Module module) => HookTables.Of(module)!.Post.Count;
    }

    [Fact]
    public void HooksRemovedByTheModel_Observe_SaysWhichAndWhatToDo()
    {
        using var model = new ClearsItsHooks();
        using var monitor = new NccMonitor(model);
        model.call(randn(5, 4));
        monitor.Observe(Labels(5));
        model.ClearHooks();
        model.call(randn(5, 4));
        monitor.Invoking(m => m.Observe(Labels(5)))
            .Should().Throw<InvalidOperationException>().WithMessage("*hooks on the model*removed*attach it again*");
        monitor.Compute()["Layer"].Observed.Should().Be(5);
    }

    [Fact]
    public void ModelMovedInTheMiddle_TrainingContinues()
    {
        _model.call(randn(5, 4));
        _monitor.Observe(Labels(5));
        _monitor.EndEpoch();
        _model.to(float64);
        _model.call(randn(6, 4, float64));
        _monitor.Observe(Labels(6));
        (_monitor.Compute()["a"].Observed, _monitor.Compute()["a"].Samples).Should().Be((6, 6));
    }

    private static Tensor Labels(int count) => arange(count).remainder(3);

    private sealed class Failing : nn.Module<Tensor, Tensor>
    {
        public readonly nn.Module<Tensor, Tensor> Layer = nn.Linear(4, 3);

        public Failing()
            : base(nameof(Failing)) => RegisterComponents();

        public bool Fails { get; set; }

        public override Tensor forward(Tensor input)
        {
            var output = Layer.call(input);
            return Fails ? throw new NotSupportedException() : output;
        }
    }

    private sealed class Recursive : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> Layer = nn.Linear(4, 4);
        private int _depth;

        public Recursive()
            : base(nameof(Recursive)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            var output = Layer.call(input);
            if (_depth == 2)
                return output;
            _depth++;
            output = call(output);
            _depth--;
            return output;
        }
    }

    private sealed class ClearsItsHooks : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> Layer = nn.Linear(4, 3);

        public ClearsItsHooks()
            : base(nameof(ClearsItsHooks)) => RegisterComponents();

        public void ClearHooks()
        {
            pre_hooks.Clear();
            post_hooks.Clear();
        }

        public override Tensor forward(Tensor input) => Layer.call(input);
    }
}
