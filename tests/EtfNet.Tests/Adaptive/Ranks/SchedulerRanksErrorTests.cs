using EtfNet.Tests.Distributed;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Adaptive.Ranks;

/// <summary>Where ranks differ, all of them end with an error that names rank and difference.</summary>
public sealed class SchedulerRanksErrorTests
{
    [Fact]
    public void Construction_OtherEpsilon_NamesBoth() => InProcessCollective.Run(3, group =>
    {
        using var training = new RankTraining(group, RankTraining.Options with { Epsilon = group.Rank == 1 ? 0.2 : 0.1 });
    }).ShouldAllFail(CollectiveError.ValuesDiffer, 1)[0].Message.Should().Contain("ranks 0 and 2 have 'Epsilon' as 0.1")
        .And.Contain("rank 1 has 'Epsilon' as 0.2");

    [Fact]
    public void Construction_OtherModel_NamesTheDifference() => InProcessCollective.Run(2, group =>
    {
        using var training = new RankTraining(group, withNorm: group.Rank == 1);
    }).ShouldAllFail(CollectiveError.ValuesDiffer, 1)[0].Message.Should().Contain("rank 1 has 'norm0");

    [Fact]
    public void EndEpoch_LabelsOnOneRankOnly_NamesTheOther()
    {
        var ended = InProcessCollective.Run(2, group =>
        {
            using var training = new RankTraining(group);
            if (group.Rank == 0)
                training.Steps(0);
            else
                ObserveOne(training);
            training.Scheduler.EndEpoch();
        });
        ended[0].Should().BeOfType<InvalidOperationException>().Which.Message.Should().Contain("No batch was observed");
        ended.Skip(1).ShouldAllFail(CollectiveError.RankFailed, 0)[0].Message
            .Should().Contain("Rank 0 failed").And.Contain("No batch was observed");
    }

    [Fact]
    public void EndEpoch_OtherNumberOfBatches_NamesBoth() => InProcessCollective.Run(2, group =>
    {
        using var training = new RankTraining(group);
        for (var batch = 0; batch < 3 + group.Rank; batch++)
            ObserveOne(training);
        training.Scheduler.EndEpoch();
    }).ShouldAllFail(CollectiveError.ValuesDiffer, 1)[0].Message.Should().Contain("rank 0 has 'observed batches' as 3")
        .And.Contain("rank 1 has 'observed batches' as 4");

    [Fact]
    public void Training_DataThatEndsEarly_EndsAllRanks()
    {
        var ended = InProcessCollective.Run(3, group =>
        {
            using var training = new RankTraining(group);
            training.Steps(group.Rank == 2 ? 2 : 3);
            training.Scheduler.EndEpoch();
        });
        ended.ShouldAllFail(CollectiveError.CallsDiffer, 2)[0].Message.Should().Contain("average of gradients").And.Contain("end of epoch");
    }

    [Fact]
    public void Training_RankThatThrows_EndsAllRanks()
    {
        var ended = InProcessCollective.Run(2, group =>
        {
            using var training = new RankTraining(group);
            training.Steps(2);
            if (group.Rank == 1)
                throw new InvalidDataException("image 17 is damaged");
            training.Steps();
        });
        ended.Take(1).ShouldAllFail(CollectiveError.RankFailed, 1)[0].Message.Should().Contain("image 17 is damaged");
    }

    [Fact]
    public void EndEpoch_WeightMovedOnOneRank_NamesTheParameter() => InProcessCollective.Run(2, group =>
    {
        using var training = new RankTraining(group);
        training.Steps(2);
        if (group.Rank == 1)
            using (no_grad())
                training.Model.get_parameter("fc1.weight")!.add_(1e-12);
        training.Scheduler.EndEpoch();
    }).ShouldAllFail(CollectiveError.ValuesDiffer, 1)[0].Message.Should().Contain("'fc1.weight' with hash");

    [Fact]
    public void EndEpoch_CanceledInTheModelOnRankZero_EndsAllRanks()
    {
        var ended = InProcessCollective.Run(2, group =>
        {
            using var training = new RankTraining(group, RankTraining.Options with { Decision = FixDecision.Exact });
            training.Steps();
            training.Model.register_forward_pre_hook((_, input) =>
                group.Rank == 0 ? throw new OperationCanceledException("the user wants it to end") : input);
            training.Scheduler.EndEpoch();
        });
        ended[0].Should().BeOfType<OperationCanceledException>();
        ended.Skip(1).ShouldAllFail(CollectiveError.RankFailed, 0)[0].Message.Should().Contain("the user wants it to end");
    }

    [Fact]
    public void Load_FileThatIsNotThere_FailsOnAllRanks()
    {
        var ended = InProcessCollective.Run(2, group =>
        {
            using var training = new RankTraining(group);
            EtfCheckpoint.Load("/nowhere/at/all", training.Scheduler);
        });
        ended[0].Should().BeAssignableTo<IOException>();
        ended.Skip(1).ShouldAllFail(CollectiveError.RankFailed, 0);
    }

    [Fact]
    public void Revert_OfDifferentLayers_NamesBoth() => InProcessCollective.Run(2, group =>
    {
        using var training = new RankTraining(group);
        training.Scheduler.Revert(group.Rank == 0 ? "fc1" : "fc2");
    }).ShouldAllFail(CollectiveError.ValuesDiffer, 1)[0].Message.Should().Contain("'fc1'").And.Contain("'fc2'");

    [Fact]
    public void ReduceGradients_WithoutRanks_SaysWhatToSet()
    {
        using var training = new RankTraining(null);
        FluentActions.Invoking(() => training.Scheduler.ReduceGradients()).Should().Throw<InvalidOperationException>()
            .WithMessage("*AdaptiveEtfOptions.Collective*");
    }

    private static void ObserveOne(RankTraining training)
    {
        using var scope = NewDisposeScope();
        training.Model.call(ones(4, 16, dtype: float64));
        training.Scheduler.Observe(tensor(new long[] { 0, 1, 2, 3 }));
    }
}
