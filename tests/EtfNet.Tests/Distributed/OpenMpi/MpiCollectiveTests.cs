using System.Globalization;
using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Distributed;

/// <summary>Real ranks: processes that mpirun starts.</summary>
public sealed class MpiCollectiveTests
{
    [MpiTheory]
    [InlineData(2, "vader,self")]
    [InlineData(4, "vader,self")]
    [InlineData(3, "tcp,self")]
    public void Calls_OverSharedMemoryAndTcp_GiveWhatTheySay(int ranks, string transport)
    {
        var job = MpiJob.Run(ranks, "calls", "--mca", "btl", transport);
        job.ExitCode.Should().Be(0, job.Text);
        job.Ranks.Should().OnlyContain(text => text.Contains("checked by Open MPI v"));
    }

    [MpiFact]
    public void Process_ThatForgetsToDispose_EndsWell()
    {
        var job = MpiJob.Run(2, "forgets");
        job.ExitCode.Should().Be(0, job.Text);
        job.Ranks.Should().OnlyContain(text => text.Contains("at its end"));
    }

    [MpiFact]
    public void GradientsAndAgreement_OfTwoRanks_EqualOneProcess()
    {
        var job = MpiJob.Run(2, "reduces");
        job.ExitCode.Should().Be(MpiRank.Failed, job.Text);
        foreach (var text in job.Ranks)
            text.Should().Contain("equals one process").And.Contain("ValuesDiffer [1]")
                .And.Contain("rank 0 has 'second.weight' with hash").And.Contain("rank 1 has 'second.weight' with hash");
    }

    [MpiFact]
    public void Rank_ThatThrows_EndsAllWithItsNumberAndMessage()
    {
        var job = MpiJob.Run(3, "throws");
        job.ExitCode.Should().Be(1, job.Text);
        job.Ranks[1].Should().Contain("Rank 1 of 3 failed: System.IO.InvalidDataException: image 17 is damaged");
        foreach (var rank in (int[])[0, 2])
            job.Ranks[rank].Should().Contain($"Rank {rank} of 3 failed: EtfNet.CollectiveException: Rank 1 failed: ")
                .And.Contain("System.IO.InvalidDataException: image 17 is damaged");
    }

    [MpiFact]
    public void Rank_ThatAborts_EndsAllWithItsCode()
    {
        var job = MpiJob.Run(2, "aborts");
        job.ExitCode.Should().Be(5, job.Text);
        job.Ranks[1].Should().Contain("Rank 1 of 2 aborts: no more space");
        job.Ranks[0].Should().Contain("RankFailed [1] Rank 1 failed: no more space");
    }

    [MpiFact]
    public void Rank_WithOneBatchFewer_EndsAllWithAnError()
    {
        var job = MpiJob.Run(3, "leaves");
        job.ExitCode.Should().NotBe(0);
        job.Ranks[1].Should().Contain("Rank 1 of 3: Rank 1 left the group while others are in a call")
            .And.Contain("(ranks 0 and 2: sum of 5 floats (LeavesEarly))");
        foreach (var rank in (int[])[0, 2])
            job.Ranks[rank].Should().Contain("RankLeft [1] Rank 1 left the group");
    }

    [MpiFact]
    public void Ranks_InDifferentCalls_AllEndWithBoth()
    {
        var job = MpiJob.Run(2, "differs");
        job.ExitCode.Should().Be(MpiRank.Failed, job.Text);
        foreach (var text in job.Ranks)
            text.Should().Contain("CallsDiffer [1]")
                .And.Contain("rank 0: sum of 3 floats (step); rank 1: sum of 4 doubles (end of epoch)");
    }

    [MpiFact]
    public void Rank_ThatIsTooSlow_EndsAllWithItsNumber()
    {
        var job = MpiJob.Run(3, "slow");
        job.ExitCode.Should().Be(MpiRank.Failed, job.Text);
        foreach (var text in job.Ranks)
            text.Should().Contain("Timeout [2]").And.Contain("waited 1 s in a sum of 3 floats (Slow) for rank 2.");
    }

    [MpiFact]
    public void Rank_ThatIsKilled_EndsTheJobWithinHalfAMinute_AndIsNamed()
    {
        var job = MpiJob.Run(2, "killed");
        var ended = Environment.TickCount64;
        job.ExitCode.Should().NotBe(0);
        // A limit that is promised, not a speed: the clock counts from the start of the machine, in all processes.
        var killed = long.Parse(job.Ranks[1].Split("killed at ")[1].Split(' ')[0], CultureInfo.InvariantCulture);
        (ended - killed).Should().BeInRange(0, 30_000);
        job.Text.Should().Contain("rank 1").And.Contain("signal 9");
    }

    [MpiFact]
    public void Rank_ThatNeverStarts_EndsTheJob()
    {
        var job = MpiJob.Run(2, "absent");
        job.ExitCode.Should().NotBe(0);
        job.Ranks[1].Should().Contain("no data here");
    }

    [MpiFact]
    public void Rank_ThatHangsBeforeItStarts_EndsTheJobAfterTheTimeout()
    {
        var job = MpiJob.Run(2, "starts-late");
        job.ExitCode.Should().Be(MpiRank.Failed, job.Text);
        job.Ranks[0].Should().Contain("Timeout [] Rank 0 waited 1 s for the other ranks to start.");
    }

    [MpiFact]
    public void Start_OneRank_IsAnError_ByMpirunAndWithout()
    {
        var job = MpiJob.Run(1, "one");
        job.ExitCode.Should().Be(MpiRank.Failed, job.Text);
        job.Ranks[0].Should().Contain("OneRank [0] There is only one rank.");

        var (host, arguments) = ThisProgram.Command(MpiRank.Name, "one");
        var (code, text) = MpiJob.Run(host, arguments);
        code.Should().Be(MpiRank.Failed, text);
        text.Should().Contain("OneRank [] There is only one rank.").And.Contain("mpirun -np 2");
    }

    [MpiFact]
    public void Start_OneRankAllowed_Works()
    {
        var job = MpiJob.Run(1, "alone");
        job.ExitCode.Should().Be(0, job.Text);
    }

    [MpiFact]
    public void Start_MpiInitializedByAnotherForOneThread_IsAnError()
    {
        var job = MpiJob.Run(2, "foreign-one-thread");
        job.ExitCode.Should().Be(MpiRank.Failed, job.Text);
        job.Text.Should().Contain("ThreadLevel [] MPI gives thread level 0; wanted at least 2")
            .And.Contain("before the library that initialized MPI");
    }

    [MpiFact]
    public void Start_MpiInitializedByAnother_LeavesFinalizingToIt()
    {
        var job = MpiJob.Run(2, "foreign-many-threads");
        job.ExitCode.Should().Be(0, job.Text);
        job.Ranks.Should().OnlyContain(text => text.Contains("finalized by its owner"));
    }

    [MpiFact]
    public void Library_IsLoadedWhenAskedForOnly()
    {
        var job = MpiJob.Run(1, "unloaded");
        job.ExitCode.Should().Be(0, job.Text);
        job.Ranks[0].Should().Contain("loaded: False, then True");
    }
}
