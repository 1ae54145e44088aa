using EtfNet.Tests.Distributed;
using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Adaptive.Ranks;

/// <summary>Several ranks decide as one process does, and stay the same.</summary>
public sealed class SchedulerRanksTests
{
    [Theory]
    [InlineData(2, FixDecision.Online)]
    [InlineData(4, FixDecision.Online)]
    [InlineData(2, FixDecision.Exact)]
    public void Training_WithoutBatchNorm_EqualsOneProcessOnWholeBatches(int size, FixDecision decision)
    {
        // Frames of few samples magnify the rounding of the other order of summation: exact errors are compared on all of them.
        var share = decision == FixDecision.Exact ? double.PositiveInfinity : 0.1;
        var options = RankTraining.Options with { Decision = decision, MaxCalibrationShare = share };
        using var whole = new RankTraining(null, options);
        var decided = whole.Train(6);
        decided.Should().Contain(names => names.Length > 0);
        var (expected, report) = (whole.Values(), whole.Scheduler.Report);

        InProcessCollective.Run(size, group =>
        {
            using var training = new RankTraining(group, options);
            training.Train(6).Should().Equal(decided);
            training.Values().Should().HaveCount(expected.Length);
            training.Values().Zip(expected).Max(pair => Math.Abs(pair.First - pair.Second)).Should().BeLessThan(1e-9);
            training.Scheduler.Report.Layers.Select(layer => layer.NccError).Should().Equal(report.Layers.Select(layer => layer.NccError));
        }).ShouldAllEnd();
    }

    [Fact]
    public void Training_WithBatchNorm_LeavesAllRanksTheSame()
    {
        var (values, reports, events) = (new double[4][], new string[4], new List<string>[4]);
        InProcessCollective.Run(4, group =>
        {
            using var training = new RankTraining(group, withNorm: true);
            var seen = events[group.Rank] = [];
            training.Scheduler.LayerFixed += (_, fix) => seen.Add(fix.Layer.Name);
            training.Train(5);
            (values[group.Rank], reports[group.Rank]) = (training.Values(), training.Scheduler.Report.ToString());
        }).ShouldAllEnd();

        events[0].Should().NotBeEmpty();
        for (var rank = 1; rank < 4; rank++)
        {
            values[rank].Should().Equal(values[0]);
            reports[rank].Should().Be(reports[0]);
            events[rank].Should().Equal(events[0]);
        }
    }

    [Fact]
    public void Construction_OfDifferentWeights_TakesThoseOfRankZero()
    {
        var values = new double[2][];
        InProcessCollective.Run(2, group =>
        {
            using var training = new RankTraining(group, seed: group.Rank * 100);
            values[group.Rank] = training.Values();
        }).ShouldAllEnd();

        values[1].Should().Equal(values[0]);
    }

    [Fact]
    public void ReduceGradients_AfterFixes_ExchangesTheTrainableParametersOnly() => InProcessCollective.Run(2, group =>
    {
        using var training = new RankTraining(group);
        training.Steps(1);
        training.StepBytes[^1].Should().Be(training.Trainable() * sizeof(double));
        var all = training.Trainable();
        training.Steps();
        training.Train(5);
        training.Scheduler.Report.FixedLayers.Should().NotBeEmpty();
        training.Steps(1);
        training.Trainable().Should().BeLessThan(all);
        training.StepBytes[^1].Should().Be(training.Trainable() * sizeof(double));
        training.Scheduler.ReducedGradientBytes.Should().Be(training.StepBytes.Sum());
    }).ShouldAllEnd();

    [Fact]
    public void Guard_RevertsAFix_OnAllRanks()
    {
        var values = new double[2][];
        InProcessCollective.Run(2, group =>
        {
            using var training = new RankTraining(group, RankTraining.Options with { Guard = new FixGuardOptions { GraceEpochs = 1 } });
            var (taken, loss) = (new List<string>(), 1.0);
            training.Scheduler.LayerReverted += (_, fix) => taken.Add(fix.Layer.Name);
            for (var epoch = 0; epoch < 6 && taken.Count == 0; epoch++)
            {
                training.Steps();
                // Rank 1 alone finds it worse: the mean decides.
                training.Scheduler.EndEpochWithLoss(group.Rank == 0 ? 1 : loss);
                loss += 1;
            }

            taken.Should().NotBeEmpty();
            training.Scheduler.Report.Reverted.Should().Equal(taken);
            training.Steps();
            training.Scheduler.EndEpochWithLoss(1);
            values[group.Rank] = training.Values();
        }).ShouldAllEnd();

        values[1].Should().Equal(values[0]);
    }

    [Fact]
    public void RevertSnapshotAndCheckpoint_KeepAllRanksTheSame()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "training.ckpt");
        var values = new double[2][];
        InProcessCollective.Run(2, group =>
        {
            using var training = new RankTraining(group);
            training.Train(5);
            var fixedLayer = training.Scheduler.Report.FixedLayers[0].Name;
            var (snapshot, before) = (training.Scheduler.Snapshot(), training.Values());
            EtfCheckpoint.Save(group.Rank == 0 ? path : "/nowhere/at/all", training.Scheduler);

            training.Scheduler.Revert(fixedLayer);
            training.Scheduler.Report.FixedLayers.Should().NotContain(layer => layer.Name == fixedLayer);
            training.Steps();
            training.Scheduler.EndEpoch();
            values[group.Rank] = training.Values();

            training.Scheduler.Restore(snapshot);
            training.Values().Should().Equal(before);

            using var resumed = new RankTraining(group, seed: 50);
            EtfCheckpoint.Load(group.Rank == 0 ? path : "/nowhere/at/all", resumed.Scheduler);
            resumed.Values().Should().Equal(before);
            resumed.Train(2).Should().Equal(training.Train(2));
            resumed.Values().Should().Equal(training.Values());
        }).ShouldAllEnd();

        values[1].Should().Equal(values[0]);
    }

    [Fact]
    public void Collective_OfOneRank_ChangesNothing()
    {
        using var alone = new RankTraining(null);
        var decided = alone.Train(4);
        using var group = InProcessCollective.Create(1)[0];
        using var training = new RankTraining(group);
        training.Train(4).Should().Equal(decided);
        training.Values().Should().Equal(alone.Values());
    }

    [Fact]
    public void Training_OnRanks_LeavesNoMoreTensorsThanOneProcess() => InProcessCollective.Run(2, group =>
    {
        Left(null);
        Left(group).Should().Be(Left(null));

        static long Left(ICollective? ranks)
        {
            var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
            using (var training = new RankTraining(ranks, withNorm: true))
            {
                training.Train(5);
                training.Scheduler.Report.FixedLayers.Should().NotBeEmpty();
            }

            return DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount - before;
        }
    }).ShouldAllEnd();
}
