using EtfNet.Tests.Depth.Cuts;
using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Adaptive;

/// <summary>The ways back: snapshots, reverts, guards, plain layers again.</summary>
public sealed class SchedulerReturnTests : SchedulerTests
{
    [Fact]
    public void Restore_SnapshotFromBeforeTheFix_BringsTheWholeTrainingBack()
    {
        using var etf = Model.ApplyAdaptiveEtf(Eager with { WarmupEpochs = 2 }, Optimizer);
        for (var epoch = 0; epoch < 2; epoch++)
        {
            TrainingLoop.Epoch(Model, Optimizer, Data, etf);
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
            etf.Revert(layer.Name);
        etf.Restore(after);
        Outputs().Should().Equal(second.Outputs);

        (EtfReport Report, float[] Outputs) Continue(AdaptiveEtfScheduler scheduler)
        {
            for (var epoch = 0; epoch < 3; epoch++)
            {
                TrainingLoop.Epoch(Model, Optimizer, Data, scheduler);
                scheduler.EndEpoch();
            }

            return (scheduler.Report, Outputs());
        }
    }

    /// <summary>A convolution in channels_last format is slow in any other.</summary>
    [Theory]
    [InlineData(TailPolicy.Keep)]
    [InlineData(TailPolicy.Cut)]
    public void Restore_ChannelsLastWeight_ComesBackInItsFormat(TailPolicy tail)
    {
        using var model = CutModels.Convolutions();
        var convolution = model.children().OfType<Conv2d>().Last();
        using (no_grad())
            convolution.weight = new Parameter(ChannelsLast.Of(convolution.weight!));
        var strides = convolution.weight.stride();
        using var optimizer = optim.Adam(model.parameters(), 0.005);
        using var etf = model.ApplyAdaptiveEtf(
            Eager with { RequireConfidence = false, Tail = tail, TailTolerance = 0.5, Exclude = ["conv1", "head"] }, optimizer);
        TrainingLoop.Epoch(model, optimizer, Data, etf);
        etf.EndEpoch();
        var before = etf.Snapshot();
        Change();
        etf.Restore(before);
        Weight().stride().Should().Equal(strides);
        if (tail == TailPolicy.Cut)
            return;
        Change();
        etf.Revert("conv2");
        Weight().stride().Should().Equal(strides);

        void Change()
        {
            for (var epoch = 0; epoch < 4 && model.children().Contains(convolution); epoch++)
            {
                TrainingLoop.Epoch(model, optimizer, Data, etf);
                etf.EndEpoch();
            }

            model.children().Should().NotContain(convolution);
        }

        Tensor Weight() => model.children().OfType<Conv2d>().Last().weight!;
    }

    [Theory]
    [InlineData("ModuleField")]
    [InlineData("LinearField")]
    public void Revert_FixedLayer_IsTrainedAgainByTheSameOptimizer(string shape)
    {
        using var model = Shapes.Make(shape);
        using var optimizer = optim.Adam(model.parameters(), 0.005);
        using var etf = model.ApplyAdaptiveEtf(Eager with { Include = ["hidden"] }, optimizer);
        TrainingLoop.UntilFixed(model, optimizer, Data, etf, "hidden");
        var reverted = new List<string>();
        etf.LayerReverted += (_, args) => reverted.Add(args.Layer.Name);
        etf.Revert("hidden");

        reverted.Should().Equal("hidden");
        var layer = (Linear)ModuleTree.Walk(model).Single(node => node.Path == "hidden").Module;
        layer.weight.shape.Should().Equal(16, 16);
        var before = layer.weight.data<float>().ToArray();
        TrainingLoop.Epoch(model, optimizer, Data, etf);
        layer.weight.data<float>().ToArray().Should().NotEqual(before);
        optimizer.parameters().Should().HaveCount(4);
        model.MeasureFootprint(optimizer).FixedParameters.Should().Be(0);
        ((Action)(() => etf.Revert("hidden"))).Should().Throw<ArgumentException>().WithMessage("*not fixed*");
        ((Action)(() => etf.Revert("nothing"))).Should().Throw<ArgumentException>().WithMessage("*hidden*");
    }

    [Theory]
    [InlineData("ModuleField")]
    [InlineData("LinearField")]
    public void Guard_FixThatCostTooMuch_IsRevertedWithWeightBiasAndMomentum(string shape)
    {
        using var model = Shapes.Make(shape);
        using var optimizer = optim.SGD(model.parameters(), 0.05, momentum: 0.9);
        var guard = new FixGuardOptions { Tolerance = 0.1, GraceEpochs = 1 };
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
            TrainingLoop.Epoch(model, optimizer, Data, etf);
            (weight, bias) = (linear.weight.data<float>().ToArray(), linear.bias!.data<float>().ToArray());
            etf.EndEpochWithLoss(1);
        }

        etf.Report.FixedLayers.Should().ContainSingle();
        etf.Report.ToString().Should().Contain("on trial");
        TrainingLoop.Epoch(model, optimizer, Data, etf);
        var report = etf.EndEpochWithLoss(2);

        report.Reverted.Should().Equal("hidden");
        report.FixedLayers.Should().BeEmpty();
        optimizer.parameters().Should().HaveCount(4);
        model.MeasureFootprint(optimizer).OptimizerBytes.Should().Be(4 * ((16 * 16) + 16 + (16 * 4) + 4), "the momentum came back");
        TrainingLoop.Epoch(model, optimizer, Data, etf);
        etf.EndEpochWithLoss(1).FixedLayers.Should().BeEmpty("what was taken back is not tried again");
    }

    [Fact]
    public void Guard_FixThatCostNothing_IsFreedAfterTheGrace()
    {
        using var etf = Model.ApplyAdaptiveEtf(
            Eager with { Include = ["hidden"], Guard = new FixGuardOptions { GraceEpochs = 1 } }, Optimizer);
        var linear = (Linear)ModuleTree.Walk(Model).Single(node => node.Path == "hidden").Module;
        for (var epoch = 0; etf.Report.FixedLayers.Count == 0 && epoch < 10; epoch++)
        {
            TrainingLoop.Epoch(Model, Optimizer, Data, etf);
            etf.EndEpochWithAccuracy(0.9);
        }

        linear.weight.NumberOfElements.Should().Be(16 * 16, "kept for the way back");
        TrainingLoop.Epoch(Model, Optimizer, Data, etf);
        etf.EndEpochWithAccuracy(0.9).FixedLayers.Should().ContainSingle();
        linear.weight.shape.Should().Equal([1, 1], "freed, and still a matrix");
    }

    [Fact]
    public void MaterializeEtf_FixedLayers_BecomePlainLinearWithTheSameOutputs()
    {
        using (var etf = Model.ApplyAdaptiveEtf(Eager, Optimizer))
            TrainingLoop.UntilFixed(Model, Optimizer, Data, etf, "hidden");
        var before = Outputs();
        Model.MaterializeEtf().Should().Contain("hidden");
        Model.named_modules().Select(module => module.module).OfType<SimplexEtfLinear>().Should().BeEmpty();
        Outputs().Zip(before).Should().OnlyContain(pair => Math.Abs(pair.First - pair.Second) < 1e-4);
    }

    [Theory]
    [InlineData("ModuleField")]
    [InlineData("LinearField")]
    public void AddOptimizer_AfterTheFix_TakesTheWeightOutAndARevertPutsItBack(string shape)
    {
        using var model = Shapes.Make(shape);
        using var optimizer = optim.Adam(model.parameters().ToList(), 0.005);
        using var etf = model.ApplyAdaptiveEtf(Eager with { Include = ["hidden"] });
        TrainingLoop.UntilFixed(model, optimizer, Data, etf, "hidden");
        etf.AddOptimizer(optimizer);
        optimizer.parameters().Should().HaveCount(3);
        model.MeasureFootprint(optimizer).OptimizerBytes.Should().Be(2 * 4 * (16 + (16 * 4) + 4));
        etf.Revert("hidden");
        optimizer.parameters().Should().HaveCount(4);
        TrainingLoop.Epoch(model, optimizer, Data, etf);
    }

    [Fact]
    public void MaterializeEtf_InTheMiddleOfATraining_TheOptimizerKeepsTrainingTheBias()
    {
        using (var etf = Model.ApplyAdaptiveEtf(Eager with { Include = ["hidden"] }, Optimizer))
            TrainingLoop.UntilFixed(Model, Optimizer, Data, etf, "hidden");
        Model.MaterializeEtf();
        var hidden = (Linear)ModuleTree.Walk(Model).Single(node => node.Path == "hidden").Module;
        var (weight, bias) = (hidden.weight.data<float>().ToArray(), hidden.bias!.data<float>().ToArray());
        TrainingLoop.Epoch(Model, Optimizer, Data);
        hidden.weight.data<float>().ToArray().Should().Equal(weight);
        hidden.bias!.data<float>().ToArray().Should().NotEqual(bias);
        Model.state_dict().Keys.Should().BeEquivalentTo("hidden.weight", "hidden.bias", "head.weight", "head.bias");
    }

    [Fact]
    public void Revert_ByHand_LastsUntilAllowed()
    {
        using var etf = Model.ApplyAdaptiveEtf(Eager with { Include = ["hidden"] }, Optimizer);
        TrainingLoop.UntilFixed(Model, Optimizer, Data, etf, "hidden");
        etf.Revert("hidden");
        etf.Report.FixedLayers.Should().BeEmpty();
        etf.Report.Layers.Single(layer => layer.Name == "hidden").Should()
            .Match((EtfLayerReport layer) => !layer.IsFixed && layer.Fix == null && layer.Decision.Reason == LayerReason.RevertedByHand);
        for (var epoch = 0; epoch < 3; epoch++)
        {
            TrainingLoop.Epoch(Model, Optimizer, Data, etf);
            var report = etf.EndEpoch();
            report.FixedLayers.Should().BeEmpty();
            report.Layers.Single(layer => layer.Name == "hidden").Note.Should().Be("reverted by hand: Allow lets it be fixed again");
        }

        var held = etf.Snapshot();
        etf.Allow("hidden");
        TrainingLoop.UntilFixed(Model, Optimizer, Data, etf, "hidden", most: 1);
        etf.Restore(held);
        TrainingLoop.Epoch(Model, Optimizer, Data, etf);
        etf.EndEpoch().FixedLayers.Should().BeEmpty("the snapshot remembers that it was held");
        ((Action)(() => etf.Allow("nothing"))).Should().Throw<ArgumentException>().WithMessage("*'nothing'*hidden*");
        ((Action)(() => etf.Allow(null!))).Should().Throw<ArgumentNullException>();
    }

    [Fact]
    public void Allow_LayerThatTheGuardReverted_IsTriedAgain()
    {
        using var etf = Model.ApplyAdaptiveEtf(
            Eager with { Include = ["hidden"], Guard = new FixGuardOptions { GraceEpochs = 1 } }, Optimizer);
        var (fixes, cost) = (0, 0.0);
        etf.LayerFixed += (_, _) => fixes++;
        etf.LayerReverted += (_, _) => etf.Allow("hidden");
        for (var epoch = 0; epoch < 12 && fixes < 2; epoch++)
        {
            TrainingLoop.Epoch(Model, Optimizer, Data, etf);
            etf.EndEpochWithLoss(cost++);
        }

        fixes.Should().Be(2);
    }

    /// <summary>
    /// The loop keeps its own list for penalties, norms, clipping: what it holds of a fixed layer stays a finite number of the same rank.
    /// </summary>
    [Fact]
    public void OldParameter_OfAFixedLayer_IsAZeroWithoutGradientAndComesBackWithTheLayer()
    {
        var kept = Model.named_parameters().Where(entry => entry.name.EndsWith("weight", StringComparison.Ordinal))
            .Select(entry => entry.parameter).ToList();
        using var etf = Model.ApplyAdaptiveEtf(Eager with { Include = ["hidden"] }, Optimizer);
        TrainingLoop.UntilFixed(Model, Optimizer, Data, etf, "hidden");
        var old = kept[0];
        old.shape.Should().Equal(1, 1);
        old.item<float>().Should().Be(0);
        old.requires_grad.Should().BeFalse();
        old.grad.Should().BeNull();
        foreach (var (input, labels) in Data.Batches())
        {
            using var scope = NewDisposeScope();
            Optimizer.zero_grad();
            var loss = nn.functional.cross_entropy(Model.call(input), labels);
            foreach (var weight in kept)
                loss = loss + (1e-3 * weight.square().mean());
            loss.backward();
            double.IsFinite(nn.utils.clip_grad_norm_(kept, 1.0)).Should().BeTrue();
            Optimizer.step();
            etf.Observe(labels);
            float.IsFinite(loss.item<float>()).Should().BeTrue();
        }

        etf.Revert("hidden");
        ((Linear)ModuleTree.Walk(Model).Single(node => node.Path == "hidden").Module).weight.Should().BeSameAs(old);
        old.shape.Should().Equal(16, 16);
        old.requires_grad.Should().BeTrue();
    }
}
