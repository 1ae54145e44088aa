using System.Diagnostics;
using FluentAssertions;
using TorchSharp;

namespace EtfNet.Tests.Distributed;

/// <summary>What the ranks of the tests' jobs do.</summary>
internal static class MpiCases
{
    /// <summary>Every call with right results, in one piece and in several, then once more in a second group.</summary>
    public static void Calls()
    {
        using (var group = MpiCollective.Start(new MpiOptions { ChunkBytes = 4096 }))
        {
            Exchange.Check(group);
            // .NET's own handlers of signals are as they were.
            string? nothing = null;
            FluentActions.Invoking(() => nothing!.Length).Should().Throw<NullReferenceException>();
        }

        using (var first = MpiCollective.Start())
        using (var second = MpiCollective.Start())
        {
            Exchange.Check(first);
            Exchange.Check(second);
            var bucket = new float[GradientReducer.DefaultBucketBytes / sizeof(float)];
            Array.Fill(bucket, first.Rank + 1);
            first.Sum(bucket);
            bucket.AsSpan().IndexOfAnyExcept(first.Size * (first.Size + 1) / 2f).Should().Be(-1);
            Console.WriteLine($"checked by {first.Library}");
        }
    }

    public static void ForgetsToDispose()
    {
        var group = MpiCollective.Start();
        group.Barrier();
        Console.WriteLine("at its end");
    }

    /// <summary>Rank 1 ends with an exception of its own that nobody catches.</summary>
    public static void Throws()
    {
        using var group = MpiCollective.Start();
        group.Barrier();
        if (group.Rank == 1)
            throw new InvalidDataException("image 17 is damaged");
        group.Sum(new float[10]);
    }

    /// <summary>Rank 1 has a batch less than the others.</summary>
    public static void LeavesEarly()
    {
        using var group = MpiCollective.Start();
        for (var batch = 0; batch < (group.Rank == 1 ? 2 : 3); batch++)
            group.Sum(new float[5]);
    }

    public static void Differs()
    {
        using var group = MpiCollective.Start();
        if (group.Rank == 0)
            group.Sum(new float[3], "step");
        else
            group.Sum(new double[4], "end of epoch");
    }

    public static void Slow()
    {
        // Only once all ranks have started, which may take long on a busy machine.
        using var started = MpiCollective.Start();
        using var group = MpiCollective.Start(new MpiOptions { Timeout = TimeSpan.FromSeconds(1) });
        if (group.Rank == group.Size - 1)
            Thread.Sleep(7000);
        group.Sum(new float[3]);
    }

    public static void Killed()
    {
        using var group = MpiCollective.Start();
        group.Barrier();
        if (group.Rank == 1)
        {
            Console.WriteLine($"killed at {Environment.TickCount64} ms");
            Process.GetCurrentProcess().Kill();
        }

        group.Sum(new float[3]);
    }

    public static void Aborts()
    {
        using var group = MpiCollective.Start();
        if (group.Rank == 1)
            group.Abort("no more space", exitCode: 5);
        group.Barrier();
    }

    /// <summary>Rank 1 ends before it starts MPI.</summary>
    public static void Absent()
    {
        if (Environment.GetEnvironmentVariable("OMPI_COMM_WORLD_RANK") == "1")
            throw new FileNotFoundException("no data here");
        using var group = MpiCollective.Start();
    }

    /// <summary>Rank 1 hangs before it starts MPI.</summary>
    public static void StartsLate()
    {
        if (Environment.GetEnvironmentVariable("OMPI_COMM_WORLD_RANK") == "1")
            Thread.Sleep(60_000);
        using var group = MpiCollective.Start(new MpiOptions { Timeout = TimeSpan.FromSeconds(1) });
    }

    public static void One()
    {
        using var group = MpiCollective.Start();
    }

    public static void Alone()
    {
        using var group = MpiCollective.Start(new MpiOptions { AllowOneRank = true });
        group.Size.Should().Be(1);
        Exchange.Check(group);
    }

    public static void Unloaded()
    {
        InProcessCollective.Run(2, Exchange.Check).ShouldAllEnd();
        var before = IsLoaded();
        using var group = MpiCollective.Start(new MpiOptions { AllowOneRank = true });
        Console.WriteLine($"loaded: {before}, then {IsLoaded()}");

        static bool IsLoaded() => Process.GetCurrentProcess().Modules.Cast<ProcessModule>()
            .Any(module => module.ModuleName.StartsWith("libmpi", StringComparison.Ordinal));
    }

    /// <summary>
    /// Trains on shares of batches, compares with a training on whole ones, then finds out that rank 1 has changed a weight.
    /// </summary>
    public static void Reduces()
    {
        using var group = MpiCollective.Start(new MpiOptions { ChunkBytes = 1024 });
        using var whole = RankModel.Create();
        RankModel.Train(whole, 0, 1, 20, () => { });
        using var model = RankModel.Create();
        using var reducer = new GradientReducer(group, 2048);
        RankModel.Train(model, group.Rank, group.Size, 20, () => reducer.Reduce(RankModel.Named(model)));
        RankAgreement.Require(group, RankModel.Named(model), "parameters");
        RankModel.Distance(model, whole).Should().BeLessThan(1e-9);
        Console.WriteLine("equals one process");

        if (group.Rank == 1)
            using (torch.no_grad())
                model.get_parameter("second.weight")!.add_(1e-12);
        RankAgreement.Require(group, RankModel.Named(model), "parameters");
    }
}
