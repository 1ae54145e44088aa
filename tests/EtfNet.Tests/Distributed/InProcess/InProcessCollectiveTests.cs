using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Distributed;

public sealed class InProcessCollectiveTests
{
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Calls_AnyNumberOfRanks_GiveWhatTheySay(int size) =>
        InProcessCollective.Run(size, Exchange.Check).ShouldAllEnd();

    [Fact]
    public void Sum_NumbersThatRound_SameBitsOnAllRanksAndEveryRun()
    {
        var results = new double[6][];
        for (var run = 0; run < 2; run++)
            InProcessCollective.Run(3, group =>
            {
                var random = new Random(group.Rank);
                double[] values = [.. Enumerable.Range(0, 100).Select(_ => random.NextDouble())];
                group.Sum(values);
                results[(3 * run) + group.Rank] = values;
            }).ShouldAllEnd();
        results.Skip(1).Should().AllSatisfy(values => values.Should().Equal(results[0]));
    }

    [Fact]
    public void Calls_ThatDiffer_FailOnEveryRank_AndSoDoesEveryLaterCall()
    {
        var ended = InProcessCollective.Run(3, group =>
        {
            for (var attempt = 0; attempt < 2; attempt++)
                FluentActions.Invoking(() => Differ(group)).Should().Throw<CollectiveException>()
                    .Which.Ranks.Should().Equal(1);
        });
        ended.ShouldAllEnd();

        static void Differ(ICollective group)
        {
            if (group.Rank == 1)
                group.Sum(new float[2]);
            else
                group.Sum(new float[3]);
        }
    }

    [Fact]
    public void Calls_OfTheSameLengthForOtherPurposes_Fail() =>
        InProcessCollective.Run(2, group => group.Barrier(group.Rank == 0 ? "step" : "epoch"))
            .ShouldAllFail(CollectiveError.CallsDiffer, 1);

    [Fact]
    public void Broadcast_OtherRoots_Fail() =>
        InProcessCollective.Run(2, group => group.Broadcast(new byte[4], group.Rank)).ShouldAllFail(CollectiveError.CallsDiffer, 1);

    [Fact]
    public void Calls_ARankTooLate_FailForAll_AndNameIt()
    {
        var ended = InProcessCollective.Run(
            3,
            group =>
            {
                group.Barrier("start");
                if (group.Rank == 2)
                    Thread.Sleep(3 * s_soon);
                group.Barrier("late");
            },
            s_soon);
        ended.ShouldAllFail(CollectiveError.Timeout, 2)[0].Message
            .Should().StartWith("Ranks 0 and 1 waited 1 s in a barrier (late) for rank 2.");
    }

    [Fact]
    public void Calls_ARankWithOneBatchFewer_FailForTheOthers()
    {
        var ended = InProcessCollective.Run(3, group =>
        {
            for (var batch = 0; batch < (group.Rank == 1 ? 4 : 5); batch++)
                group.Sum(new float[7]);
        });
        ended[1].Should().BeNull();
        ended.Where((_, rank) => rank != 1).ShouldAllFail(CollectiveError.RankLeft, 1);
    }

    [Fact]
    public void Calls_ARankThrows_FailForTheOthersWithItsMessage()
    {
        var ended = InProcessCollective.Run(3, group =>
        {
            if (group.Rank == 2)
                throw new InvalidDataException("image 17 is damaged");
            group.Barrier();
        });
        ended[2].Should().BeOfType<InvalidDataException>();
        ended.Take(2).ShouldAllFail(CollectiveError.RankFailed, 2)[0].Message
            .Should().Be("Rank 2 failed: System.IO.InvalidDataException: image 17 is damaged");
    }

    [Fact]
    public void Calls_FromTwoThreadsOfOneRank_Throw()
    {
        var ranks = InProcessCollective.Create(2);
        var waiting = new Thread(() => ranks[0].Barrier("first"));
        waiting.Start();
        SpinWait.SpinUntil(() => waiting.ThreadState.HasFlag(ThreadState.WaitSleepJoin));
        FluentActions.Invoking(() => ranks[0].Barrier("second")).Should().Throw<InvalidOperationException>()
            .WithMessage("*one after the other*");
        ranks[1].Barrier("first");
        waiting.Join();
    }

    [Fact]
    public void Calls_AfterDispose_Throw()
    {
        var rank = InProcessCollective.Create(1)[0];
        rank.Dispose();
        rank.Dispose();
        FluentActions.Invoking(() => rank.Barrier()).Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public void Create_NoRank_Throws() =>
        FluentActions.Invoking(() => InProcessCollective.Create(0)).Should().Throw<ArgumentOutOfRangeException>();

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void Broadcast_RootIsNoRank_ThrowsAtOnce(int root)
    {
        using var rank = InProcessCollective.Create(1)[0];
        FluentActions.Invoking(() => rank.Broadcast(new byte[1], root)).Should().Throw<ArgumentOutOfRangeException>();
        rank.Barrier();
    }
}
