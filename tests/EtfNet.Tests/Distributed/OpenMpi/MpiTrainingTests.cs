using EtfNet.Tests.Adaptive.Ranks;
using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Distributed;

/// <summary>Whole trainings on ranks that mpirun starts.</summary>
public sealed class MpiTrainingTests
{
    [MpiFact]
    public void Training_OfTwoRanks_DecidesAsOneProcess()
    {
        var job = MpiJob.Run(2, "fixes");
        job.ExitCode.Should().Be(0, job.Text);
        job.Ranks.Should().OnlyContain(text => text.Contains("equals one process, fixed: "));
    }

    [MpiFact]
    public void Rank_ThatIsKilled_EndsTheJob_AndTheCheckpointLoads()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "training.ckpt");
        var job = MpiJob.Run(2, "fixes-killed", "-x", $"{MpiTraining.Checkpoint}={path}");
        job.ExitCode.Should().NotBe(0, job.Text);

        using var resumed = new RankTraining(null);
        EtfCheckpoint.Load(path, resumed.Scheduler);
        resumed.Scheduler.Snapshot().Epoch.Should().Be(4);
        resumed.Train(1);
    }
}
