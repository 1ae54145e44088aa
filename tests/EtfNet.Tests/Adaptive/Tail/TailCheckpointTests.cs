using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Adaptive.Tail;

/// <summary>A training across a cut, saved and loaded.</summary>
public sealed class TailCheckpointTests
{
    private static readonly FixGuardOptions s_guard = new();

    [Theory]
    [InlineData("SGD", 1)]
    [InlineData("SGD", 3)]
    [InlineData("Adam", 3)]
    [InlineData("AdamW", 4)]
    public void Load_IntoAFreshModel_ResumesBitForBit(string kind, int savedAfter)
    {
        using var folder = new TemporaryFolder();
        using var run = new TailRun(TailRun.CutOnly, kind);
        for (var epoch = 1; epoch <= 6; epoch++)
        {
            run.Epoch();
            if (epoch == savedAfter)
                EtfCheckpoint.Save(folder.File("cut.ckpt"), run.Etf);
        }

        run.Etf.Report.Tail!.Cut.Should().NotBeNull();
        using var resumed = new TailRun(TailRun.CutOnly, kind, seed: 7);
        EtfCheckpoint.Load(folder.File("cut.ckpt"), resumed.Etf);
        (resumed.Etf.Report.Tail!.Cut is not null).Should().Be(savedAfter >= run.Etf.Report.Tail.Cut!.Epoch);
        for (var epoch = savedAfter + 1; epoch <= 6; epoch++)
            resumed.Epoch();

        resumed.Reading.Should().Equal(run.Reading);
        resumed.Etf.Report.Should().BeEquivalentTo(run.Etf.Report);
        // Nothing but this training can tell what was cut off: no tail is kept behind a loaded cut.
        resumed.Etf.Invoking(etf => etf.RevertCut()).Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void Load_CutAndFixes_ResumesBitForBit()
    {
        using var folder = new TemporaryFolder();
        using var run = new TailRun(TailRun.FixThenCut, "Adam");
        for (var epoch = 1; epoch <= 7; epoch++)
        {
            run.Epoch();
            if (epoch == 5)
                EtfCheckpoint.Save(folder.File("cut.ckpt"), run.Etf);
        }

        run.Etf.Report.Tail!.Cut!.Epoch.Should().BeLessThanOrEqualTo(5);
        using var resumed = new TailRun(TailRun.FixThenCut, "Adam", seed: 7);
        EtfCheckpoint.Load(folder.File("cut.ckpt"), resumed.Etf);
        resumed.Epoch();
        resumed.Epoch();
        resumed.Reading.Should().Equal(run.Reading);
    }

    [Fact]
    public void Load_OfAWholeModelIntoACutTraining_BringsTheTailBack()
    {
        using var folder = new TemporaryFolder();
        using var run = new TailRun(TailRun.CutOnly, "Adam");
        run.Epoch();
        EtfCheckpoint.Save(folder.File("whole.ckpt"), run.Etf);
        var before = run.Reading;
        run.UntilCut();
        EtfCheckpoint.Load(folder.File("whole.ckpt"), run.Etf);
        run.Reading.Should().Equal(before);
        run.UntilCut();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Load_ThatDoesNotFit_LeavesTheTrainingAsItWas(bool onTrial)
    {
        using var folder = new TemporaryFolder();
        using var other = new TailRun(TailRun.CutOnly, "Adam");
        other.Epoch();
        var options = onTrial ? TailRun.CutOnly with { Guard = s_guard } : TailRun.CutOnly;
        using var run = new TailRun(options, "SGD");
        double? loss = onTrial ? 1 : null;
        using var twin = new TailRun(options, "SGD");
        run.UntilCut(loss);
        twin.UntilCut(loss);
        var live = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        foreach (var cut in new[] { false, true })
        {
            if (cut)
                other.UntilCut();
            // Of another kind of optimizer: that shows only once the model has its shape.
            EtfCheckpoint.Save(folder.File("other.ckpt"), other.Etf);
            var reading = run.Reading;
            run.Etf.Invoking(etf => EtfCheckpoint.Load(folder.File("other.ckpt"), etf)).Should().Throw<EtfStateException>();
            run.Reading.Should().Equal(reading);
            run.Etf.Report.Tail!.Cut.Should().NotBeNull();
        }

        run.Epoch(loss);
        twin.Epoch(loss);
        run.Reading.Should().Equal(twin.Reading);
        run.Etf.Report.Should().BeEquivalentTo(twin.Etf.Report);
        if (onTrial)
            run.Etf.RevertCut();
        run.Epoch(loss);
    }

    [Fact]
    public void Load_DeeperThanTheModel_IsRefusedAndLeavesItWhole()
    {
        using var folder = new TemporaryFolder();
        using var run = new TailRun(TailRun.CutOnly);
        run.UntilCut();
        EtfCheckpoint.Save(folder.File("cut.ckpt"), run.Etf);
        using var data = new Blobs();
        using var wide = TailRun.Mlp(3, width: 20);
        using var optimizer = optim.SGD(wide.parameters(), 0.05, momentum: 0.9);
        using var etf = wide.ApplyAdaptiveEtf(TailRun.CutOnly, optimizer);
        TrainingLoop.Epoch(wide, optimizer, data, etf);
        var bytes = ModelBytes.Of(wide);

        etf.Invoking(one => EtfCheckpoint.Load(folder.File("cut.ckpt"), one)).Should().Throw<EtfStateException>();

        ModelBytes.Of(wide).Should().Equal(bytes);
        EtfPlan.Of(wide).CutNames.Should().BeEmpty();
        etf.EndEpoch().Layers.Should().HaveCount(TailRun.HiddenLayers + 1);
        TrainingReading.RequireTraining(wide, optimizer, data);
    }

    [Fact]
    public void Load_WithKeep_AsksForThePlan()
    {
        using var folder = new TemporaryFolder();
        using var run = new TailRun(TailRun.CutOnly);
        run.UntilCut();
        EtfCheckpoint.Save(folder.File("cut.ckpt"), run.Etf);
        using var kept = new TailRun(TailRun.CutOnly with { Tail = TailPolicy.Keep });
        var reading = kept.Reading;
        kept.Etf.Invoking(etf => EtfCheckpoint.Load(folder.File("cut.ckpt"), etf)).Should().Throw<EtfStateException>()
            .WithMessage("*EtfPlan*");
        kept.Reading.Should().Equal(reading);
    }
}
