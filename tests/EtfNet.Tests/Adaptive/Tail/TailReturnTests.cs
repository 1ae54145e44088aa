using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Adaptive.Tail;

/// <summary>The tail comes back: by the guard, by hand, by a snapshot.</summary>
public sealed class TailReturnTests
{
    private static readonly AdaptiveEtfOptions Guarded = TailRun.CutOnly with { Guard = new FixGuardOptions() };

    private static long Live => DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

    [Theory]
    [InlineData("SGD")]
    [InlineData("Adam")]
    public void Guard_CostlyCut_RestoresTheTail(string kind)
    {
        using var run = new TailRun(Guarded, kind);
        var events = new List<CutRevertedEventArgs>();
        run.Etf.CutReverted += (_, args) => events.Add(args);
        run.Epoch(1);
        run.Train();
        var (weights, places) = (ModelBytes.Of(run.Model), TrainingReading.Names(run.Optimizer, run.Model));
        var report = run.Etf.EndEpochWithLoss(1);
        var cut = report.Tail!.Cut!;
        report.Tail.IsOnTrial.Should().BeTrue();
        report.Tail.Note.Should().Contain("on trial");
        run.Epoch(2).Tail!.IsOnTrial.Should().BeTrue();

        report = run.Epoch(2);
        report.Tail!.Cut.Should().BeNull();
        report.Tail.Reverted.Should().Be(cut);
        report.Tail.Decision.Should().BeEquivalentTo(new { Reason = TailReason.RevertedByGuard, cut.Epoch, cut.Layer, Limit = 0.01 });
        events.Should().ContainSingle().Which.Cut.Should().Be(cut);
        report.Layers.Select(layer => layer.Name).Should().BeEquivalentTo(Linears(run));
        run.Layers.Should().Be(TailRun.HiddenLayers + 1);
        EtfPlan.Of(run.Model).CutNames.Should().BeEmpty();
        TrainingReading.Names(run.Optimizer, run.Model).Should().Equal(places);
        var behind = ModelBytes.Of(run.Model).Where(
            line => line.StartsWith("fc7", StringComparison.Ordinal) || line.StartsWith("head", StringComparison.Ordinal));
        behind.Should().BeSubsetOf(weights);

        TrainingReading.RequireTraining(run.Model, run.Optimizer, run.Data);
        for (var epoch = 0; epoch < 3; epoch++)
            report = run.Epoch(1);
        report.Tail!.Decision.Reason.Should().Be(TailReason.RevertedByGuard);
        report.Tail.Reverted.Should().BeNull();
        report.Layers.Should().OnlyContain(layer => layer.NccError != null);
        run.Accuracy.Should().BeGreaterThan(0.95);
        run.Etf.AllowCut();
        run.Epoch(1).Tail!.Cut.Should().NotBeNull();
    }

    [Theory]
    [InlineData("Restore")]
    [InlineData("RevertCut")]
    [InlineData("guard")]
    public void CutTakenBack_WhileTheFixOfItsHeadIsOnTrial_RestoresTheTail(string how)
    {
        var options = TrainingLoop.Eager with
        {
            Epsilon = 0.9,
            RequireConfidence = false,
            Tail = TailPolicy.Cut,
            TailTolerance = 0.3,
            Guard = new FixGuardOptions { GraceEpochs = 3 },
            MaxPerEpoch = 8,
            MaxCalibrationShare = double.PositiveInfinity,
        };
        using var run = new TailRun(options);
        var whole = run.Etf.Snapshot();
        run.UntilCut(1);
        for (var epoch = 0; epoch < 3 && !run.Etf.Report.Layers.Any(IsHeadOnTrial); epoch++)
            run.Epoch(how == "guard" ? 9 : 1);
        run.Etf.Report.Layers.Any(IsHeadOnTrial).Should().BeTrue();
        run.Etf.Report.Tail!.IsOnTrial.Should().BeTrue();

        if (how == "Restore")
            run.Etf.Restore(whole);
        else if (how == "RevertCut")
            run.Etf.RevertCut();
        else
            run.Epoch(9);

        run.Layers.Should().Be(TailRun.HiddenLayers + 1);
        run.Etf.Report.Tail!.Cut.Should().BeNull();
        TrainingReading.RequireTraining(run.Model, run.Optimizer, run.Data);
        run.Epoch(1);

        static bool IsHeadOnTrial(EtfLayerReport layer) => layer.Name == "head" && layer.IsOnTrial;
    }

    [Fact]
    public void Guard_CutThatCostsNothing_EndsItsTrial()
    {
        using var run = new TailRun(Guarded);
        run.UntilCut(1);
        run.Epoch(1);
        var report = run.Epoch(1);
        report.Tail!.Cut.Should().NotBeNull();
        report.Tail.IsOnTrial.Should().BeFalse();
        run.Etf.Invoking(etf => etf.RevertCut()).Should().Throw<InvalidOperationException>().WithMessage("*no longer kept*Snapshot*");
        run.Epoch(9).Tail!.Cut.Should().NotBeNull();
    }

    [Fact]
    public void RevertCut_OnTrial_BringsEverythingBackAsItWas()
    {
        using var run = new TailRun(Guarded, "Adam", lazy: false);
        run.Etf.Invoking(etf => etf.RevertCut()).Should().Throw<InvalidOperationException>().WithMessage("*not cut*");
        run.Epoch(1);
        run.Train();
        var before = run.Reading;
        run.Etf.EndEpochWithLoss(1).Tail!.Cut.Should().NotBeNull();
        run.Reading.Should().NotEqual(before);

        run.Etf.RevertCut();

        run.Reading.Should().Equal(before);
        run.Etf.Report.Tail!.Decision.Reason.Should().Be(TailReason.RevertedByHand);
        run.Etf.Report.Tail.Reverted.Should().NotBeNull();
        run.Epoch(1).Tail!.Reverted.Should().BeNull();
        run.Etf.Report.Tail!.Decision.ToString().Should().Contain("AllowCut");
        run.Etf.AllowCut();
        run.Epoch(1).Tail!.Cut.Should().NotBeNull();
    }

    [Theory]
    [InlineData("SGD", true)]
    [InlineData("Adam", true)]
    [InlineData("Adam", false)]
    public void RevertCut_OptimizerMadeMeanwhile_TrainsTheTailAgain(string kind, bool lazy)
    {
        using var run = new TailRun(Guarded, kind);
        run.UntilCut(1);
        var later = OptimizerKinds.Make(kind, lazy ? run.Model.parameters() : [.. run.Model.parameters()]);
        run.Etf.AddOptimizer(later);
        run.Etf.RemoveOptimizer(run.Optimizer);
        run.Optimizer.Dispose();
        run.Optimizer = later;

        run.Etf.RevertCut();

        TrainingReading.RequireTraining(run.Model, run.Optimizer, run.Data);
        run.Epoch(1);
    }

    [Fact]
    public void AddOptimizer_OptimizerOfTheWholeModel_TrainsTheHead()
    {
        using var run = new TailRun(TailRun.CutOnly, "SGD");
        var whole = OptimizerKinds.Make("Adam", [.. run.Model.parameters()]);
        run.UntilCut();
        run.Etf.RemoveOptimizer(run.Optimizer);
        run.Etf.AddOptimizer(whole);
        run.Optimizer.Dispose();
        run.Optimizer = whole;
        whole.parameters().Should().HaveCount(run.Model.parameters().Count());
        TrainingReading.RequireTraining(run.Model, whole, run.Data);
        run.Epoch();
    }

    [Theory]
    [InlineData(false, "SGD")]
    [InlineData(true, "SGD")]
    [InlineData(false, "Adam")]
    public void Restore_SnapshotFromBeforeTheCut_BringsTheWholeTrainingBack(bool guarded, string kind)
    {
        using var run = new TailRun((guarded ? Guarded : TailRun.CutOnly) with { WarmupEpochs = 1 }, kind);
        double? loss = guarded ? 1 : null;
        run.Epoch(loss);
        var best = run.Etf.Snapshot();
        var before = run.Reading;
        var first = Continue();
        run.Etf.Report.Tail!.Cut.Should().NotBeNull();

        run.Etf.Restore(best);
        run.Reading.Should().Equal(before);
        run.Etf.Report.Tail!.Cut.Should().BeNull();
        var second = Continue();
        second.Should().Equal(first, "the same training goes on from the same moment");

        var after = run.Etf.Snapshot();
        run.Etf.Restore(best);
        run.Etf.Restore(after);
        run.Reading.Should().Equal(second);
        run.Etf.Report.Tail!.Cut.Should().NotBeNull();
        var third = Continue();
        run.Etf.Restore(after);
        Continue().Should().Equal(third);

        IReadOnlyList<string> Continue()
        {
            for (var epoch = 0; epoch < 3; epoch++)
                run.Epoch(loss);
            return run.Reading;
        }
    }

    [Fact]
    public void Restore_FixedLayersInTheTail_ComeBackAsTheyWere()
    {
        using var run = new TailRun(TailRun.FixThenCut with { WarmupEpochs = 0, TailTolerance = 0.999 }, samples: 192);
        // Too few samples for a cut: fixes come first.
        for (var epoch = 0; epoch < 3; epoch++)
            run.Epoch();
        run.Etf.Report.Tail!.Decision.Reason.Should().Be(TailReason.TooFewSamples);
        run.Etf.Report.FixedLayers.Should().NotBeEmpty();
        var (fixedThen, reading, text) = (run.Etf.Snapshot(), run.Reading, run.Etf.Report.FixedLayers.Select(layer => layer.Name).ToList());
        CutByHand(run);
        run.Etf.Report.FixedLayers.Count.Should().BeLessThan(text.Count);

        run.Etf.Restore(fixedThen);

        run.Reading.Should().Equal(reading);
        run.Etf.Report.FixedLayers.Select(layer => layer.Name).Should().Equal(text);
        run.Epoch();
    }

    [Fact]
    public void CutAndBack_Repeated_LeavesNoTensorBehind()
    {
        Cycle();
        var live = Live;
        Cycle();
        Live.Should().Be(live);

        static void Cycle()
        {
            using var run = new TailRun(Guarded, "Adam");
            var start = run.Etf.Snapshot();
            var counts = new List<long>();
            for (var turn = 0; turn < 3; turn++)
            {
                run.UntilCut(1);
                run.Etf.RevertCut();
                run.Etf.AllowCut();
                run.UntilCut(1);
                run.Etf.Restore(start);
                counts.Add(Live);
            }

            counts.Distinct().Should().ContainSingle();
        }
    }

    /// <summary>Ends an epoch on given batches, of which there are enough.</summary>
    private static void CutByHand(TailRun run)
    {
        using var more = new Blobs(512, noise: 0.6);
        run.Train();
        run.Etf.EndEpoch(more.Batches()).Tail!.Cut.Should().NotBeNull();
    }

    private static IEnumerable<string> Linears(TailRun run) =>
        run.Model.named_modules().Where(entry => entry.module is Linear).Select(entry => entry.name);
}
