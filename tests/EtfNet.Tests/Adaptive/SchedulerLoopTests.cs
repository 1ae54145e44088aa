using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Adaptive;

/// <summary>What real loops do beside training.</summary>
public sealed class SchedulerLoopTests : IDisposable
{
    private static readonly AdaptiveEtfOptions Eager = new() { Epsilon = 0.3, MaxOutputError = double.PositiveInfinity };

    private readonly Blobs _data = new();
    private readonly nn.Module<Tensor, Tensor> _model = Shapes.Make("ModuleField");
    private readonly optim.Optimizer _optimizer;

    public SchedulerLoopTests()
    {
        manual_seed(5);
        _optimizer = optim.SGD(_model.parameters(), 0.05, momentum: 0.9);
    }

    [Fact]
    public void Observe_ValidationForwardsBetweenSteps_DoNotCount()
    {
        using var etf = _model.ApplyAdaptiveEtf(Eager, _optimizer);
        for (var epoch = 0; epoch < 2; epoch++)
        {
            foreach (var (input, labels) in _data.Batches())
            {
                using var scope = NewDisposeScope();
                Step(input, labels);
                etf.Observe(labels);
                _model.eval();
                _model.call(_data.Inputs);
                _model.train();
                using (no_grad())
                    _model.call(_data.Inputs);
            }

            etf.EndEpoch();
        }

        etf.Report.FixedLayers.Should().NotBeEmpty();
    }

    [Fact]
    public void Observe_GradientAccumulation_TakesSeveralForwardsAtOnce()
    {
        using var etf = _model.ApplyAdaptiveEtf(Eager, _optimizer);
        for (var epoch = 0; epoch < 3; epoch++)
        {
            foreach (var pair in _data.Batches().Chunk(2))
            {
                using var scope = NewDisposeScope();
                _optimizer.zero_grad();
                foreach (var (input, labels) in pair)
                    nn.functional.cross_entropy(_model.call(input), labels).backward();
                _optimizer.step();
                etf.Observe(cat([.. pair.Select(one => one.Labels)]));
            }

            etf.EndEpoch();
        }

        etf.Report.FixedLayers.Should().NotBeEmpty();
    }

    [Fact]
    public void ApplyAdaptiveEtf_SecondCall_SameOptionsSameSchedulerOtherOptionsThrow()
    {
        using var etf = _model.ApplyAdaptiveEtf(0.2, _optimizer);
        _model.ApplyAdaptiveEtf(0.2, _optimizer).Should().BeSameAs(etf);
        ((Action)(() => _model.ApplyAdaptiveEtf(0.1, _optimizer))).Should().Throw<InvalidOperationException>();
        etf.Dispose();
        using var next = _model.ApplyAdaptiveEtf(0.1, _optimizer);
        next.Should().NotBeSameAs(etf);
    }

    [Fact]
    public void ApplyAdaptiveEtf_SeveralOptimizers_EachLetsGo()
    {
        using var model = Shapes.Make("ModuleField");
        using var first = optim.SGD(model.named_children().First().module.parameters(), 0.05);
        using var second = optim.Adam(model.named_children().Last().module.parameters(), 0.005);
        using var etf = model.ApplyAdaptiveEtf(Eager, first, second);
        for (var epoch = 0; epoch < 6; epoch++)
        {
            foreach (var (input, labels) in _data.Batches())
            {
                using var scope = NewDisposeScope();
                first.zero_grad();
                second.zero_grad();
                nn.functional.cross_entropy(model.call(input), labels).backward();
                first.step();
                second.step();
                etf.Observe(labels);
            }

            etf.EndEpoch();
        }

        etf.Report.FixedLayers.Should().HaveCount(2);
        first.parameters().Should().ContainSingle("the bias stays");
        second.parameters().Should().ContainSingle("the bias stays");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ApplyAdaptiveEtf_OptimizerMadeAfterwards_GoesOnWorking(bool lazy)
    {
        using var model = Shapes.Make("LinearField");
        using var etf = model.ApplyAdaptiveEtf(Eager);
        using var optimizer = optim.AdamW(lazy ? model.parameters() : model.parameters().ToList(), 0.005);
        TrainingLoop.UntilFixed(model, optimizer, _data, etf, "hidden");
        var weight = ((Linear)ModuleTree.Walk(model).Single(node => node.Path == "hidden").Module).weight;
        var before = weight.data<float>().ToArray();
        TrainingLoop.Epoch(model, optimizer, _data, etf);
        weight.data<float>().ToArray().Should().Equal(before, "weight decay and momentum must not move it");

        etf.AddOptimizer(optimizer);
        etf.EndEpoch();
        TrainingLoop.Epoch(model, optimizer, _data, etf);
    }

    [Fact]
    public void LearningRateScheduler_AcrossASwitch_GoesOn()
    {
        using var etf = _model.ApplyAdaptiveEtf(Eager, _optimizer);
        var schedule = optim.lr_scheduler.StepLR(_optimizer, 1, 0.5);
        for (var epoch = 0; epoch < 5; epoch++)
        {
            TrainingLoop.Epoch(_model, _optimizer, _data, etf);
            etf.EndEpoch();
            schedule.step();
        }

        etf.Report.FixedLayers.Should().NotBeEmpty();
        _optimizer.ParamGroups.Single().LearningRate.Should().BeApproximately(0.05 / 32, 1e-9);
    }

    [Fact]
    public void CachedParameterListForClipping_AcrossASwitch_GoesOn()
    {
        using var etf = _model.ApplyAdaptiveEtf(Eager, _optimizer);
        var cached = _model.parameters().ToList();
        for (var epoch = 0; epoch < 4; epoch++)
        {
            foreach (var (input, labels) in _data.Batches())
            {
                using var scope = NewDisposeScope();
                _optimizer.zero_grad();
                nn.functional.cross_entropy(_model.call(input), labels).backward();
                nn.utils.clip_grad_norm_(cached, 1.0);
                _optimizer.step();
                etf.Observe(labels);
            }

            etf.EndEpoch();
        }

        etf.Report.FixedLayers.Should().NotBeEmpty();
    }

    [Fact]
    public void Restore_SnapshotFromBeforeTheSwitch_BringsTheWholeTrainingBack()
    {
        using var etf = _model.ApplyAdaptiveEtf(Eager with { WarmupEpochs = 2 }, _optimizer);
        for (var epoch = 0; epoch < 2; epoch++)
        {
            TrainingLoop.Epoch(_model, _optimizer, _data, etf);
            etf.EndEpoch();
        }

        var best = etf.Snapshot();
        var before = Outputs();
        var first = Continue(etf);
        first.Report.FixedLayers.Should().NotBeEmpty();
        etf.Restore(best);
        Outputs().Should().Equal(before);
        etf.Report.FixedLayers.Should().BeEmpty();
        etf.Report.Epoch.Should().Be(2);

        var second = Continue(etf);
        second.Outputs.Should().Equal(first.Outputs, "the same training goes on from the same moment");
        second.Report.FixedLayers.Should().BeEquivalentTo(first.Report.FixedLayers);

        var after = etf.Snapshot();
        foreach (var layer in etf.Report.FixedLayers)
            etf.Revert(layer.Layer);
        etf.Restore(after);
        Outputs().Should().Equal(second.Outputs);

        (EtfReport Report, float[] Outputs) Continue(AdaptiveEtfScheduler scheduler)
        {
            for (var epoch = 0; epoch < 3; epoch++)
            {
                TrainingLoop.Epoch(_model, _optimizer, _data, scheduler);
                scheduler.EndEpoch();
            }

            return (scheduler.Report, Outputs());
        }
    }

    [Theory]
    [InlineData("ModuleField")]
    [InlineData("LinearField")]
    public void Revert_FixedLayer_IsTrainedAgainByTheSameOptimizer(string shape)
    {
        using var model = Shapes.Make(shape);
        using var optimizer = optim.Adam(model.parameters(), 0.005);
        using var etf = model.ApplyAdaptiveEtf(Eager with { Include = ["hidden"] }, optimizer);
        TrainingLoop.UntilFixed(model, optimizer, _data, etf, "hidden");
        var reverted = new List<string>();
        etf.LayerReverted += (_, args) => reverted.Add(args.Layer.Layer);
        etf.Revert("hidden");

        reverted.Should().Equal("hidden");
        var layer = (Linear)ModuleTree.Walk(model).Single(node => node.Path == "hidden").Module;
        layer.weight.shape.Should().Equal(16, 16);
        var before = layer.weight.data<float>().ToArray();
        TrainingLoop.Epoch(model, optimizer, _data, etf);
        layer.weight.data<float>().ToArray().Should().NotEqual(before);
        optimizer.parameters().Should().HaveCount(4);
        model.MeasureFootprint(optimizer).FixedParameters.Should().Be(0);
        ((Action)(() => etf.Revert("hidden"))).Should().Throw<ArgumentException>().WithMessage("*not fixed*");
        ((Action)(() => etf.Revert("nothing"))).Should().Throw<ArgumentException>().WithMessage("*hidden*");
    }

    [Theory]
    [InlineData("ModuleField")]
    [InlineData("LinearField")]
    public void Guard_SwitchThatCostTooMuch_IsTakenBackWeightBiasAndMomentum(string shape)
    {
        using var model = Shapes.Make(shape);
        using var optimizer = optim.SGD(model.parameters(), 0.05, momentum: 0.9);
        var guard = new SwitchGuardOptions { Tolerance = 0.1, GraceEpochs = 1 };
        using var etf = model.ApplyAdaptiveEtf(Eager with { Include = ["hidden"], Guard = guard, WarmupEpochs = 2 }, optimizer);
        var linear = (Linear)ModuleTree.Walk(model).Single(node => node.Path == "hidden").Module;
        var (weight, bias) = (Array.Empty<float>(), Array.Empty<float>());
        etf.LayerReverted += (_, _) =>
        {
            linear.weight.data<float>().ToArray().Should().Equal(weight);
            linear.bias!.data<float>().ToArray().Should().Equal(bias);
        };
        for (var epoch = 1; epoch <= 3; epoch++)
        {
            TrainingLoop.Epoch(model, optimizer, _data, etf);
            (weight, bias) = (linear.weight.data<float>().ToArray(), linear.bias!.data<float>().ToArray());
            etf.EndEpoch(loss: 1);
        }

        etf.Report.FixedLayers.Should().ContainSingle();
        etf.Report.ToString().Should().Contain("on trial");
        TrainingLoop.Epoch(model, optimizer, _data, etf);
        var report = etf.EndEpoch(loss: 2);

        report.Reverted.Should().Equal("hidden");
        report.FixedLayers.Should().BeEmpty();
        optimizer.parameters().Should().HaveCount(4);
        model.MeasureFootprint(optimizer).OptimizerBytes.Should().Be(4 * ((16 * 16) + 16 + (16 * 4) + 4), "the momentum came back");
        TrainingLoop.Epoch(model, optimizer, _data, etf);
        etf.EndEpoch(loss: 1).FixedLayers.Should().BeEmpty("what was taken back is not tried again");
    }

    [Fact]
    public void Guard_SwitchThatCostNothing_IsFreedAfterTheGrace()
    {
        using var etf = _model.ApplyAdaptiveEtf(Eager with { Include = ["hidden"], Guard = new SwitchGuardOptions { GraceEpochs = 1 } }, _optimizer);
        var linear = (Linear)ModuleTree.Walk(_model).Single(node => node.Path == "hidden").Module;
        for (var epoch = 0; etf.Report.FixedLayers.Count == 0 && epoch < 10; epoch++)
        {
            TrainingLoop.Epoch(_model, _optimizer, _data, etf);
            etf.EndEpoch(accuracy: 0.9);
        }

        linear.weight.NumberOfElements.Should().Be(16 * 16, "kept for the way back");
        TrainingLoop.Epoch(_model, _optimizer, _data, etf);
        etf.EndEpoch(accuracy: 0.9).FixedLayers.Should().ContainSingle();
        linear.weight.NumberOfElements.Should().Be(0, "freed");
    }

    [Fact]
    public void Call_OfTheReplacedLayerFromOutside_NamesTheLayer()
    {
        var hidden = (nn.Module<Tensor, Tensor>)ModuleTree.Walk(_model).Single(node => node.Path == "hidden").Module;
        using var etf = _model.ApplyAdaptiveEtf(Eager, _optimizer);
        TrainingLoop.UntilFixed(_model, _optimizer, _data, etf, "hidden");
        ((Action)(() => hidden.call(_data.Inputs))).Should().Throw<InvalidOperationException>().WithMessage("*'hidden'*replaced*");
    }

    [Fact]
    public void Hooks_OfTheUser_GoOnFiringAndCanBeRemoved()
    {
        var hidden = (nn.Module<Tensor, Tensor>)ModuleTree.Walk(_model).Single(node => node.Path == "hidden").Module;
        var fired = 0;
        var remover = hidden.register_forward_hook((_, _, _) =>
        {
            fired++;
            return null!;
        });
        using var etf = _model.ApplyAdaptiveEtf(Eager, _optimizer);
        TrainingLoop.UntilFixed(_model, _optimizer, _data, etf, "hidden");
        fired = 0;
        Outputs();
        fired.Should().Be(1);
        remover.remove();
        Outputs();
        fired.Should().Be(1);
    }

    [Fact]
    public void Steps_TwoThousandWithTheSchedulerAttached_LiveTensorsStayFlat()
    {
        using var etf = _model.ApplyAdaptiveEtf(Eager with { Include = ["hidden"] }, _optimizer);
        var statistics = DisposeScopeManager.Statistics.TensorStatistics;
        var steps = 0;
        long atHundred = 0;
        while (steps < 2000)
        {
            foreach (var (input, labels) in _data.Batches(64))
            {
                using var scope = NewDisposeScope();
                using var x = input;
                using var y = labels;
                Step(x, y);
                etf.Observe(y);
                steps++;
            }

            etf.EndEpoch();
            if (steps == 100)
                atHundred = statistics.ThreadTotalLiveCount;
        }

        etf.Report.FixedLayers.Should().ContainSingle();
        statistics.ThreadTotalLiveCount.Should().Be(atHundred);
    }

    [Fact]
    public void EndEpoch_Misused_ThrowsAndChangesNothing()
    {
        using var etf = _model.ApplyAdaptiveEtf(Eager, _optimizer);
        ((Action)(() => etf.EndEpoch())).Should().Throw<InvalidOperationException>().WithMessage("*No batch*");
        ((Action)(() => etf.Observe(_data.Labels))).Should().Throw<InvalidOperationException>();
        TrainingLoop.Epoch(_model, _optimizer, _data, etf);
        ((Action)(() => etf.EndEpoch(loss: 1, accuracy: 1))).Should().Throw<ArgumentException>();
        ((Action)(() => etf.EndEpoch(accuracy: 90))).Should().Throw<ArgumentOutOfRangeException>();

        Exception? inside = null;
        var head = (nn.Module<Tensor, Tensor>)ModuleTree.Walk(_model).Single(node => node.Path == "head").Module;
        var hook = head.register_forward_hook((_, _, _) =>
        {
            inside = Record.Exception(() => etf.EndEpoch());
            return null!;
        });
        Outputs();
        hook.remove();
        inside.Should().BeOfType<InvalidOperationException>().Which.Message.Should().Contain("in progress");

        etf.EndEpoch().Epoch.Should().Be(1);
        etf.Dispose();
        ((Action)(() => etf.EndEpoch())).Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public void EndEpoch_ForwardThrewBefore_Works()
    {
        using var etf = _model.ApplyAdaptiveEtf(Eager, _optimizer);
        TrainingLoop.Epoch(_model, _optimizer, _data, etf);
        using var wrong = zeros(3, 7);
        ((Action)(() => _model.call(wrong))).Should().Throw<Exception>();
        etf.EndEpoch().Epoch.Should().Be(1);
    }

    [Fact]
    public void EndEpoch_ModelChangedByHand_NamesTheLayer()
    {
        using var model = nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 4));
        using var optimizer = optim.SGD(model.parameters(), 0.05);
        using var etf = model.ApplyAdaptiveEtf(Eager, optimizer);
        TrainingLoop.Epoch(model, optimizer, _data, etf);
        using var other = nn.Linear(16, 16);
        LayerReplacement.Plan(model, [ModuleTree.Walk(model).Single(node => node.Path == "0").Module], typeof(Linear))[0].Put(other);
        ((Action)(() => etf.EndEpoch())).Should().Throw<InvalidOperationException>().WithMessage("*'0'*by hand*");
    }

    [Fact]
    public void ApplyAdaptiveEtf_BadInput_TypedExceptions()
    {
        using var none = nn.Sequential(nn.ReLU());
        ((Action)(() => none.ApplyAdaptiveEtf(0.1))).Should().Throw<ArgumentException>().WithMessage("*no trainable Linear*");
        ((Action)(() => _model.ApplyAdaptiveEtf(new AdaptiveEtfOptions { Exclude = ["*"] }))).Should().Throw<ArgumentException>().WithMessage("*hidden, head*");
        ((Action)(() => _model.ApplyAdaptiveEtf(1.5))).Should().Throw<ArgumentOutOfRangeException>();
        using var stranger = nn.Linear(2, 2);
        using var foreign = optim.SGD(stranger.parameters(), 0.1);
        ((Action)(() => _model.ApplyAdaptiveEtf(0.1, foreign))).Should().Throw<ArgumentException>().WithMessage("*SGD*none of the model's*");
        using var lbfgs = optim.LBFGS(_model.parameters());
        ((Action)(() => _model.ApplyAdaptiveEtf(0.1, lbfgs))).Should().Throw<NotSupportedException>().WithMessage("*LBFGS*");
        using var etf = _model.ApplyAdaptiveEtf(0.1, _optimizer);
    }

    [Fact]
    public void ApplyAdaptiveEtf_ShapeWithoutFrame_IsSkippedWithTheReason()
    {
        using var model = nn.Sequential(("up", nn.Linear(16, 64)), ("act", nn.ReLU()), ("head", nn.Linear(64, 4)));
        using var etf = model.ApplyAdaptiveEtf(0.1);
        etf.Report.Skipped.Should().ContainSingle().Which.Reason.Should().Contain("OrColumns");
    }

    [Fact]
    public void MaterializeEtf_FixedLayers_BecomePlainLinearWithTheSameOutputs()
    {
        using (var etf = _model.ApplyAdaptiveEtf(Eager, _optimizer))
            TrainingLoop.UntilFixed(_model, _optimizer, _data, etf, "hidden");
        var before = Outputs();
        _model.MaterializeEtf().Should().Contain("hidden");
        _model.named_modules().Select(module => module.module).OfType<SimplexEtfLinear>().Should().BeEmpty();
        Outputs().Zip(before).Should().OnlyContain(pair => Math.Abs(pair.First - pair.Second) < 1e-4);
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _model.Dispose();
        _data.Dispose();
    }

    private void Step(Tensor input, Tensor labels)
    {
        _optimizer.zero_grad();
        nn.functional.cross_entropy(_model.call(input), labels).backward();
        _optimizer.step();
    }

    private float[] Outputs()
    {
        using var scope = NewDisposeScope();
        _model.eval();
        return _model.call(_data.Inputs).data<float>().ToArray();
    }
}
