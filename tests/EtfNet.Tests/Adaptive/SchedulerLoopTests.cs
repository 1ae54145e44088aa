using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Adaptive;

/// <summary>What real loops do beside training.</summary>
public sealed class SchedulerLoopTests : SchedulerTests
{
    [Fact]
    public void Observe_ValidationForwardsBetweenSteps_DoNotCount()
    {
        using var etf = Model.ApplyAdaptiveEtf(Eager, Optimizer);
        for (var epoch = 0; epoch < 2; epoch++)
        {
            foreach (var (input, labels) in Data.Batches())
            {
                using var scope = NewDisposeScope();
                Step(input, labels);
                etf.Observe(labels);
                Model.eval();
                Model.call(Data.Inputs);
                Model.train();
                using (no_grad())
                    Model.call(Data.Inputs);
            }

            etf.EndEpoch();
        }

        etf.Report.FixedLayers.Should().NotBeEmpty();
    }

    [Fact]
    public void Observe_GradientAccumulation_TakesSeveralForwardsAtOnce()
    {
        using var etf = Model.ApplyAdaptiveEtf(Eager, Optimizer);
        for (var epoch = 0; epoch < 3; epoch++)
        {
            foreach (var pair in Data.Batches().Chunk(2))
            {
                using var scope = NewDisposeScope();
                Optimizer.zero_grad();
                foreach (var (input, labels) in pair)
                    nn.functional.cross_entropy(Model.call(input), labels).backward();
                Optimizer.step();
                etf.Observe(cat([.. pair.Select(one => one.Labels)]));
            }

            etf.EndEpoch();
        }

        etf.Report.FixedLayers.Should().NotBeEmpty();
    }

    [Fact]
    public void Dispose_WithinAForward_LeavesOtherWatchersAndTheForward()
    {
        using var monitor = new NccMonitor(Model);
        var etf = Model.ApplyAdaptiveEtf(Eager, Optimizer);
        using var hook = new DisposeOnCall(Model, etf);
        var (input, labels) = Data.Batches().First();
        ((Action)(() => Step(input, labels))).Should().NotThrow();
        monitor.Observe(labels);
        monitor.Compute().Layers.Should().OnlyContain(layer => layer.Observed == labels.shape[0]);
    }

    /// <summary>After a validation the model is still in evaluation mode: calibration goes by the modes that norms trained in.</summary>
    [Theory]
    [InlineData(false, TailPolicy.Keep), InlineData(true, TailPolicy.Keep), InlineData(false, TailPolicy.Cut)]
    public void EndEpoch_InEvaluationMode_DecidesAsInTrainingMode(bool isFrozen, TailPolicy tail)
    {
        var (text, state) = Run(validates: true);
        var (expectedText, expectedState) = Run(validates: false);
        text.Should().Be(expectedText).And.Contain(tail == TailPolicy.Cut ? "cut" : "fixed  nearest");
        state.Should().Equal(expectedState);

        (string, float[]) Run(bool validates)
        {
            manual_seed(2);
            using var scope = NewDisposeScope();
            using var norm = nn.BatchNorm1d(16);
            using var model = nn.Sequential(
                ("a", nn.Linear(16, 16)), ("n1", norm), ("r1", nn.ReLU()), ("b", nn.Linear(16, 16)), ("n2", nn.BatchNorm1d(16)),
                ("r2", nn.ReLU()), ("c", nn.Linear(16, 16)), ("r3", nn.ReLU()), ("h", nn.Linear(16, 4)));
            using var optimizer = optim.Adam(model.parameters(), 0.01);
            using var etf = model.ApplyAdaptiveEtf(Eager with { RequireConfidence = false, Tail = tail }, optimizer);
            var reports = new List<string>();
            for (var epoch = 0; epoch < 4; epoch++)
            {
                model.train();
                norm.train(!isFrozen);
                foreach (var (input, labels) in Data.Batches())
                {
                    using var step = NewDisposeScope();
                    optimizer.zero_grad();
                    nn.functional.cross_entropy(model.call(input), labels).backward();
                    optimizer.step();
                    etf.Observe(labels);
                }

                if (validates)
                    model.eval();
                reports.Add($"{etf.EndEpoch()}");
            }

            return (string.Join('\n', reports), [.. model.state_dict().Values.SelectMany(value => value.to(float32).data<float>())]);
        }
    }

    /// <summary>As where a loop filters samples.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Observe_EmptyBatch_ChangesNothing(bool callsTheModel)
    {
        using var etf = Model.ApplyAdaptiveEtf(Eager, Optimizer);
        for (var epoch = 0; epoch < 2; epoch++)
        {
            foreach (var (input, labels) in Data.Batches().SelectMany(batch => new[] { (batch.Input[..0], batch.Labels[..0]), batch }))
            {
                using var scope = NewDisposeScope();
                Optimizer.zero_grad();
                var output = callsTheModel ? Model.call(input) : Model.forward(input);
                nn.functional.cross_entropy(output, labels, reduction: nn.Reduction.Sum).div(32).backward();
                Optimizer.step();
                etf.Observe(labels);
            }

            etf.EndEpoch();
        }

        etf.Report.FixedLayers.Should().NotBeEmpty();
    }

    [Fact]
    public void ApplyAdaptiveEtf_SecondCall_SameOptionsSameSchedulerOtherOptionsThrow()
    {
        using var etf = Model.ApplyAdaptiveEtf(0.2, Optimizer);
        Model.ApplyAdaptiveEtf(0.2, Optimizer).Should().BeSameAs(etf);
        ((Action)(() => Model.ApplyAdaptiveEtf(0.1, Optimizer))).Should().Throw<InvalidOperationException>();
        etf.Dispose();
        using var next = Model.ApplyAdaptiveEtf(0.1, Optimizer);
        next.Should().NotBeSameAs(etf);
    }

    [Fact]
    public void ApplyAdaptiveEtf_SeveralOptimizers_EachReleasesTheWeight()
    {
        using var model = Shapes.Make("ModuleField");
        using var first = optim.SGD(model.named_children().First().module.parameters(), 0.05);
        using var second = optim.Adam(model.named_children().Last().module.parameters(), 0.005);
        using var etf = model.ApplyAdaptiveEtf(Eager, first, second);
        for (var epoch = 0; epoch < 6; epoch++)
        {
            foreach (var (input, labels) in Data.Batches())
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
    public void ApplyAdaptiveEtf_OptimizerMadeAfterwards_KeepsWorking(bool lazy)
    {
        using var model = Shapes.Make("LinearField");
        using var etf = model.ApplyAdaptiveEtf(Eager);
        using var optimizer = optim.AdamW(lazy ? model.parameters() : model.parameters().ToList(), 0.005);
        TrainingLoop.UntilFixed(model, optimizer, Data, etf, "hidden");
        var weight = ((Linear)ModuleTree.Walk(model).Single(node => node.Path == "hidden").Module).weight;
        var before = weight.data<float>().ToArray();
        TrainingLoop.Epoch(model, optimizer, Data, etf);
        weight.data<float>().ToArray().Should().Equal(before, "weight decay and momentum must not move it");

        etf.AddOptimizer(optimizer);
        etf.EndEpoch();
        TrainingLoop.Epoch(model, optimizer, Data, etf);
    }

    [Fact]
    public void LearningRateScheduler_AcrossAFix_KeepsWorking()
    {
        using var etf = Model.ApplyAdaptiveEtf(Eager, Optimizer);
        var schedule = optim.lr_scheduler.StepLR(Optimizer, 1, 0.5);
        for (var epoch = 0; epoch < 5; epoch++)
        {
            TrainingLoop.Epoch(Model, Optimizer, Data, etf);
            etf.EndEpoch();
            schedule.step();
        }

        etf.Report.FixedLayers.Should().NotBeEmpty();
        Optimizer.ParamGroups.Single().LearningRate.Should().BeApproximately(0.05 / 32, 1e-9);
    }

    [Fact]
    public void CachedParameterListForClipping_AcrossAFix_KeepsWorking()
    {
        using var etf = Model.ApplyAdaptiveEtf(Eager, Optimizer);
        var cached = Model.parameters().ToList();
        for (var epoch = 0; epoch < 4; epoch++)
        {
            foreach (var (input, labels) in Data.Batches())
            {
                using var scope = NewDisposeScope();
                Optimizer.zero_grad();
                nn.functional.cross_entropy(Model.call(input), labels).backward();
                nn.utils.clip_grad_norm_(cached, 1.0);
                Optimizer.step();
                etf.Observe(labels);
            }

            etf.EndEpoch();
        }

        etf.Report.FixedLayers.Should().NotBeEmpty();
    }

    [Fact]
    public void Call_OfTheReplacedLayerFromOutside_NamesTheLayer()
    {
        var hidden = (nn.Module<Tensor, Tensor>)ModuleTree.Walk(Model).Single(node => node.Path == "hidden").Module;
        using var etf = Model.ApplyAdaptiveEtf(Eager, Optimizer);
        TrainingLoop.UntilFixed(Model, Optimizer, Data, etf, "hidden");
        ((Action)(() => hidden.call(Data.Inputs))).Should().Throw<InvalidOperationException>().WithMessage("*'hidden'*replaced*");
    }

    [Fact]
    public void Hooks_OfTheUser_KeepFiringAndCanBeRemoved()
    {
        var hidden = (nn.Module<Tensor, Tensor>)ModuleTree.Walk(Model).Single(node => node.Path == "hidden").Module;
        var fired = 0;
        var remover = hidden.register_forward_hook((_, _, _) =>
        {
            fired++;
            return null!;
        });
        using var etf = Model.ApplyAdaptiveEtf(Eager, Optimizer);
        TrainingLoop.UntilFixed(Model, Optimizer, Data, etf, "hidden");
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
        using var etf = Model.ApplyAdaptiveEtf(Eager with { Include = ["hidden"] }, Optimizer);
        var statistics = DisposeScopeManager.Statistics.TensorStatistics;
        var steps = 0;
        long atHundred = 0;
        while (steps < 2000)
        {
            foreach (var (input, labels) in Data.Batches(64))
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

    private sealed class DisposeOnCall : IDisposable
    {
        private readonly nn.Module<Tensor, Tensor>.HookRemover _hook;

        public DisposeOnCall(nn.Module<Tensor, Tensor> model, IDisposable what) =>
            _hook = ((nn.Module<Tensor, Tensor>)model.named_children().First().module).register_forward_hook((_, _, output) =>
            {
                what.Dispose();
                return output;
            });

        public void Dispose() => _hook.remove();
    }
}
