using System.Diagnostics;
using EtfNet.Tests.Adaptive.Ranks;
using FluentAssertions;

namespace EtfNet.Tests.Distributed;

/// <summary>Trainings that fix layers, as the ranks of a job.</summary>
internal static class MpiTraining
{
    /// <summary>The checkpoint of the job, in a folder that the test names.</summary>
    public const string Checkpoint = "ETFNET_TEST_CHECKPOINT";

    /// <summary>Decides as one process does.</summary>
    public static void Fixes()
    {
        using var group = MpiCollective.Start();
        using var whole = new RankTraining(null);
        var decided = whole.Train(6);
        decided.Should().Contain(names => names.Length > 0);
        using var training = new RankTraining(group);
        training.Train(6).Should().Equal(decided);
        training.Values().Zip(whole.Values()).Max(pair => Math.Abs(pair.First - pair.Second)).Should().BeLessThan(1e-9);
        RankAgreement.Require(group, RankModel.Named(training.Model), "parameters");
        Console.WriteLine($"equals one process, fixed: {string.Join(' ', decided)}");
    }

    /// <summary>Saves, and then rank 1 is killed in the middle of an epoch.</summary>
    public static void IsKilled()
    {
        using var group = MpiCollective.Start();
        using var training = new RankTraining(group);
        training.Train(4);
        EtfCheckpoint.Save(Environment.GetEnvironmentVariable(Checkpoint)!, training.Scheduler);
        training.Steps(2);
        if (group.Rank == 1)
            Process.GetCurrentProcess().Kill();
        training.Steps();
        training.Scheduler.EndEpoch();
    }
}
