using System.Diagnostics;
using FluentAssertions;
using TorchSharp;
using static TorchSharp.torch;

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
        using var group = MpiCollective.Start(new MpiOptions { Timeout = TimeSpan.FromSeconds(1) });
        if (group.Rank == group.Size - 1)
            Thread.Sleep(8000);
        group.Sum(new float[3]);
    }

    public static void Killed()
    {
        using var group = MpiCollective.Start();
        group.Barrier();
        if (group.Rank == 1)
            Process.GetCurrentProcess().Kill();
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
        using var group = MpiCollective.Start(new MpiOptions { Timeout = TimeSpan.FromSeconds(5) });
    }

    public static void One()
    {
        using var group = MpiCollective.Start();
    }

    public static void Reduces()
    {
    }
}
