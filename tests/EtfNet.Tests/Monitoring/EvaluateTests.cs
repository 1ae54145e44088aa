using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Monitoring;

public sealed class EvaluateTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Sequential _model = nn.Sequential(
        ("a", nn.Linear(4, 16)), ("bn", nn.BatchNorm1d(16)), ("act", nn.ReLU()), ("drop", nn.Dropout(0.5)), ("b", nn.Linear(16, 8)),
        ("act2", nn.Tanh()), ("head", nn.Linear(8, 3)));

    public void Dispose()
    {
        _model.Dispose();
        _scope.Dispose();
    }

    [Fact]
    public void Evaluate_ModesStatisticsAndGradients_AreAsBefore()
    {
        using var monitor = new NccMonitor(_model);
        _model.train();
        ((nn.Module)_model[3]).eval();
        var bn = (BatchNorm1d)_model[1];
        var (mean, steps) = (bn.running_mean!.clone(), bn.num_batches_tracked!.item<long>());
        var data = Watched.Data(50, 4, 3, 1);

        monitor.Evaluate(Watched.Batches(data, 20));

        _model.named_modules().Select(entry => entry.module.training).Should().Equal(true, true, true, false, true, true, true);
        bn.running_mean!.allclose(mean, 0, 0).Should().BeTrue();
        bn.num_batches_tracked!.item<long>().Should().Be(steps);
        _model.parameters().Should().OnlyContain(parameter => (object?)parameter.grad == null);
        is_grad_enabled().Should().BeTrue();
    }

    [Fact]
    public void Evaluate_TiedModuleUnderParentsOfDifferentModes_ModesAreRestored()
    {
        var shared = nn.Linear(4, 4);
        using var model = nn.Sequential(nn.Sequential(shared, nn.ReLU()), nn.Sequential(nn.Sequential(shared), nn.ReLU()), nn.Linear(4, 3));
        model.train();
        ((nn.Module)model[0]).eval();
        shared.train();
        var modes = ModuleTree.Walk(model).Select(node => node.Module.training).ToArray();
        using var monitor = new NccMonitor(model);
        monitor.Evaluate([Watched.Data(20, 4, 3, 1)]);
        ModuleTree.Walk(model).Select(node => node.Module.training).Should().Equal(modes);
    }

    [Fact]
    public void Evaluate_InTheMiddleOfAnEpoch_LeavesTheOnlineStateAlone()
    {
        using var monitor = new NccMonitor(_model);
        var data = Watched.Data(40, 4, 3, 2);
        Watched.Epoch(_model, monitor, data, 20);
        monitor.EndEpoch();
        Watched.Epoch(_model, monitor, data, 20);
        var before = monitor.Compute().ToJson();
        _model.call(data.Input);
        monitor.Evaluate(Watched.Batches(data, 10)).IsExact.Should().BeTrue();
        monitor.Compute().ToJson().Should().Be(before);
        monitor.Observe(data.Labels);
        monitor.Compute()["a"].Observed.Should().Be(80, "the forward before Evaluate was still waiting");
    }

    [Fact]
    public void Evaluate_AnyBatchSizeOrOrder_GivesTheSameErrors()
    {
        // In float32 another batch size rounds the features themselves, and NC1 magnifies that.
        _model.to(float64);
        using var monitor = new NccMonitor(_model, new NccMonitorOptions { Metrics = CollapseMetricSet.All });
        var (input, labels) = Watched.Data(100, 4, 3, 3, spread: 2);
        var data = (input.to(float64), labels);
        var one = monitor.Evaluate([data]);
        var calls = 0;
        var other = monitor.Evaluate(Shuffled());
        foreach (var (a, b) in one.Layers.Zip(other.Layers))
        {
            b.NccError.Should().Be(a.NccError);
            b.Nc1.Should().BeApproximately(a.Nc1!.Value, 1e-6 * a.Nc1.Value);
        }

        one["a"].NccError.Should().BeInRange(0.02, 0.9, "a problem without errors would show nothing");

        IEnumerable<(Tensor Input, Tensor Labels)> Shuffled()
        {
            var batches = Watched.Batches(data, 9);
            return calls++ == 0 ? batches : Enumerable.Reverse(batches);
        }
    }

    [Fact]
    public void Evaluate_OtherDataInTheSecondPass_Throws()
    {
        using var monitor = new NccMonitor(_model);
        var data = Watched.Data(40, 4, 3, 4);
        var pass = 0;
        monitor.Invoking(m => m.Evaluate(Changing())).Should().Throw<InvalidOperationException>().WithMessage("*Class*first pass*second*");
        _model.training.Should().BeTrue();
        monitor.Invoking(m => m.Evaluate([])).Should().Throw<ArgumentException>().WithMessage("*no batch*");
        monitor.Invoking(m => m.Evaluate([(data.Input, data.Labels.narrow(0, 0, 5))]))
            .Should().Throw<ArgumentException>().WithMessage("*5 labels*40 samples*");

        IEnumerable<(Tensor, Tensor)> Changing()
        {
            yield return data;
            if (pass++ == 0)
                yield return Watched.Data(7, 4, 3, 5);
        }
    }

    [Fact]
    public void Online_TrainedToTheEnd_TracksExact()
    {
        // Classes by distance from the origin, blurred: no linear layer collapses them, and some error stays.
        using var source = new Generator(6);
        var points = randn(1600, 4, generator: source);
        var radius = points.norm(1) + 0.15 * randn(1600, generator: source);
        var data = (Input: points, Labels: radius.gt(1.65).to(int64) + radius.gt(2.15).to(int64));
        using var model = nn.Sequential(
            ("a", nn.Linear(4, 32)), ("bn", nn.BatchNorm1d(32)), ("act", nn.ReLU()), ("b", nn.Linear(32, 32)), ("bn2", nn.BatchNorm1d(32)),
            ("act2", nn.ReLU()), ("head", nn.Linear(32, 3)));
        using (no_grad())
        {
            using var generator = new Generator(11);
            foreach (var parameter in model.parameters().Where(parameter => parameter.dim() == 2))
                parameter.copy_(randn(parameter.shape, generator: generator) / Math.Sqrt(parameter.shape[1]));
        }

        using var monitor = new NccMonitor(model);
        using var optimizer = optim.SGD(model.parameters(), 0.05, momentum: 0.9);
        CollapseReport? online = null;
        for (var epoch = 0; epoch < 24; epoch++)
        {
            foreach (var group in optimizer.ParamGroups)
                group.LearningRate = epoch < 16 ? 0.05 : 0.0005;
            Watched.Epoch(model, monitor, data, 160, optimizer);
            online = monitor.EndEpoch();
        }

        var exact = monitor.Evaluate(Watched.Batches(data, 400));
        foreach (var (a, b) in online!.Layers.Zip(exact.Layers))
        {
            a.NccError.Should().BeApproximately(b.NccError!.Value, 0.02);
            a.Interval!.Value.Low.Should().BeLessThan(a.NccError!.Value);
        }

        foreach (var (i, j) in new[] { (0, 1), (0, 2), (1, 2) })
            if (Math.Abs(exact.Layers[i].NccError!.Value - exact.Layers[j].NccError!.Value) > 0.01)
                (online.Layers[i].NccError > online.Layers[j].NccError).Should().Be(exact.Layers[i].NccError > exact.Layers[j].NccError);
        exact["a"].NccError.Should().BeGreaterThan(exact["head"].NccError!.Value + 0.01, "or the order would not be tested");
    }

    [Fact]
    public void Error_NoiseWithoutLeaveOneOut_LooksCollapsed()
    {
        using var scope = NewDisposeScope();
        using var model = nn.Linear(512, 512);
        var (inputs, labels) = (Sample.Normal(1, 40, 512).to(float32), arange(40) % 10);

        Errors(leaveOneOut: false).Should().OnlyContain(error => error < 0.1);
        Errors(leaveOneOut: true).Should().OnlyContain(error => error > 0.6);

        double?[] Errors(bool leaveOneOut)
        {
            using var monitor = new NccMonitor(model, new NccMonitorOptions { LeaveOneOut = leaveOneOut });
            for (var epoch = 0; epoch < 2; epoch++)
            {
                if (epoch > 0)
                    monitor.EndEpoch();
                model.call(inputs);
                monitor.Observe(labels);
            }

            return [monitor.Compute().Layers[0].NccError, monitor.Evaluate([(inputs, labels)]).Layers[0].NccError];
        }
    }
}
