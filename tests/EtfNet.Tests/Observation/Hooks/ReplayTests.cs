using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Observation.Hooks;

/// <summary>Calling a model again with what it was called with: which hooks see that, and what they and EtfNet's own see.</summary>
public sealed class ReplayTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Linear _layer = nn.Linear(4, 6);
    private readonly Sequential _model;
    private readonly Tensor _input = randn(5, 4);

    public ReplayTests() => _model = nn.Sequential(("a", _layer), ("act", nn.ReLU()), ("b", nn.Linear(6, 3)));

    public void Dispose()
    {
        _model.Dispose();
        _scope.Dispose();
    }

    [Fact]
    public void HooksThatOnlyLook_DoNotSeeReplays()
    {
        var calls = 0;
        foreach (var node in ModuleTree.Walk(_model))
        {
            var module = (nn.Module<Tensor, Tensor>)node.Module;
            module.register_forward_hook((_, _, _) => Count<Tensor>());
            module.register_forward_hook((_, _, output) => { calls++; return output; });
            module.register_forward_pre_hook((_, _) => Count<Tensor>());
            module.register_forward_hook((Action<nn.Module>)(_ => calls++));
            module.register_forward_pre_hook((Action<nn.Module>)(_ => calls++));
        }

        using var monitor = new NccMonitor(_model);
        var output = _model.call(_input);
        calls.Should().Be(20);
        ((Tensor)monitor.Forwards.Observer.Replay([_input])!).allclose(output).Should().BeTrue();
        calls.Should().Be(20, "the replay is none of theirs");
        _model.call(_input);
        calls.Should().Be(40, "the hooks are back");

        T Count<T>()
        {
            calls++;
            return default!;
        }
    }

    [Fact]
    public void HooksThatChangeWhatPasses_RunInReplays()
    {
        _layer.register_forward_hook((_, _, output) => output * 2);
        _layer.register_forward_pre_hook((_, input) => input + 1);
        _layer.register_forward_hook((_, _, output) =>
        {
            using var noGrad = no_grad();
            output.detach().add_(3);
            return null!;
        });
        _model.register_forward_pre_hook((_, input) => input * 0.5);
        using var monitor = new NccMonitor(_model);
        var output = _model.call(_input);
        ((Tensor)monitor.Forwards.Observer.Replay([_input])!).allclose(output).Should().BeTrue();
        var expected = ((((Linear)_model[0]).forward((_input * 0.5) + 1) * 2) + 3).relu();
        ((Linear)_model[2]).forward(expected).allclose(output).Should().BeTrue("or the test would compare nothing");
    }

    [Fact]
    public void HookRegisteredLater_RunsUntilATrainingForwardShowsThatItOnlyLooks()
    {
        using var monitor = new NccMonitor(_model);
        _model.call(_input);
        var calls = 0;
        _layer.register_forward_hook((_, _, _) =>
        {
            calls++;
            return null!;
        });
        monitor.Forwards.Observer.Replay([_input]);
        calls.Should().Be(1, "it might be part of what the network computes");
        _model.call(_input);
        calls.Should().Be(2);
        monitor.Forwards.Observer.Replay([_input]);
        calls.Should().Be(2);
    }

    [Fact]
    public void HooksOfEtfNet_SeeTheLayersOwnFunction()
    {
        _layer.register_forward_pre_hook((_, input) => input + 1);
        _layer.register_forward_hook((_, _, output) => output * 2);
        using var monitor = new NccMonitor(_model);
        var kept = Kept(monitor);
        using var mode = new ReplayMode(_model);
        using var pass = CalibrationPass.Run(
            _model, mode, kept, [FixableLayer.Of(_layer)!], new Dictionary<nn.Module<Tensor, Tensor>, nn.Module<Tensor, Tensor>>(),
            FeaturePooling.Auto, new OutputChoice(FeaturePooling.Auto, null));
        var (layer, sample) = pass.Samples.Should().ContainSingle().Subject;
        layer.Should().BeSameAs(_layer);
        sample.Inputs.allclose(_input + 1).Should().BeTrue();
        sample.Outputs.allclose(_layer.forward(_input + 1))
            .Should().BeTrue("what the user's hook makes of it will be made of the frame's output too");

        // A trial stands in for the layer's own function, and the user's hook is applied to it.
        var trial = nn.Linear(4, 6);
        using var score = monitor.Suspend();
        var removers = TrialHooks.Attach(new Dictionary<nn.Module<Tensor, Tensor>, nn.Module<Tensor, Tensor>> { [_layer] = trial });
        using var noGrad = no_grad();
        var replayed = ((Tensor)monitor.Forwards.Observer.Replay([_input])!);
        removers.ForEach(remover => remover.remove());
        replayed.allclose(((Linear)_model[2]).forward((trial.forward(_input + 1) * 2).relu())).Should().BeTrue();
    }

    [Fact]
    public void FeaturesInExactReports_AreWhatTheNetworkComputes_HooksIncluded()
    {
        var bare = nn.Sequential(("a", nn.Linear(4, 6)), ("b", nn.Linear(6, 3)));
        ((Linear)bare[0]).register_forward_hook((_, _, output) => output * 2);
        using var monitor = new NccMonitor(bare);
        using var inputs = new InputSample(monitor.Forwards, 64);
        var y = arange(5).remainder(2);
        bare.call(_input);
        monitor.Observe(y);
        var report = monitor.Evaluate(inputs.Labeled.ToList(), batch => inputs.Replay(batch.Inputs), batch => batch.Labels);
        Watched.ShouldDescribe(report["a"], ((Linear)bare[0]).forward(_input) * 2, y);
    }

    [Fact]
    public void HookThatThrowsInAReplay_TablesAreRestored()
    {
        var fails = false;
        _layer.register_forward_hook((_, _, output) => fails ? throw new NotSupportedException() : output * 2);
        var calls = 0;
        _layer.register_forward_hook((Action<nn.Module>)(_ => calls++));
        using var monitor = new NccMonitor(_model);
        _model.call(_input);
        fails = true;
        monitor.Forwards.Observer.Invoking(o => o.Replay([_input])).Should().Throw<NotSupportedException>();
        fails = false;
        _model.call(_input);
        calls.Should().Be(2);
        monitor.Observe(arange(5).remainder(2));
        monitor.Compute()["a"].Observed.Should().Be(5);
    }

    [Fact]
    public void Scheduler_IsReplaying_TellsHooksThatChangeAndCount()
    {
        using var data = new Blobs();
        using var model = nn.Sequential(("hidden", nn.Linear(16, 16)), ("act", nn.ReLU()), ("head", nn.Linear(16, 4)));
        using var optimizer = optim.SGD(model.parameters(), 0.05, momentum: 0.9);
        using var etf = model.ApplyAdaptiveEtf(new AdaptiveEtfOptions { Epsilon = 0.3, MaxOutputError = 10 }, optimizer);
        var (trained, replayed) = (0, 0);
        ((nn.Module<Tensor, Tensor>)model[1]).register_forward_hook((_, _, output) =>
        {
            _ = etf.IsReplaying ? replayed++ : trained++;
            return output * 1;
        });
        for (var epoch = 0; epoch < 3; epoch++)
        {
            TrainingLoop.Epoch(model, optimizer, data, etf);
            etf.EndEpoch();
        }

        trained.Should().Be(24);
        replayed.Should().BePositive();
        etf.IsReplaying.Should().BeFalse();
    }

    private InputSample Kept(NccMonitor monitor)
    {
        var inputs = new InputSample(monitor.Forwards, 64);
        _model.call(_input);
        monitor.Observe(arange(5).remainder(2));
        return inputs;
    }
}
