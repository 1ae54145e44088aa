using System.Runtime.InteropServices;
using FluentAssertions;

namespace EtfNet.Tests.Distributed;

/// <summary>Ranks in whose process another library has initialized MPI.</summary>
internal static class ForeignMpi
{
    private const int Multiple = 3;

    private static readonly Lazy<nint> s_library = new(() => NativeLibrary.Load("libmpi.so.40"));

    private delegate int InitThread(nint count, nint arguments, int required, out int provided);

    private delegate int Call();

    /// <summary>With MPI_THREAD_SINGLE.</summary>
    public static void OneThread()
    {
        Initialize(required: 0);
        using var group = MpiCollective.Start();
    }

    /// <summary>With MPI_THREAD_MULTIPLE: it stays the one that finalizes, and nothing starts after that.</summary>
    public static void ManyThreads()
    {
        Initialize(Multiple);
        using var late = MpiCollective.Start();
        using (var group = MpiCollective.Start())
            Exchange.Check(group);
        Function<Call>("MPI_Finalize")().Should().Be(0);
        FluentActions.Invoking(() => late.Barrier()).Should().Throw<InvalidOperationException>().WithMessage("MPI was finalized*");
        FluentActions.Invoking(() => MpiCollective.Start()).Should().Throw<InvalidOperationException>().WithMessage("MPI was finalized*");
        Console.WriteLine("finalized by its owner");
    }

    private static void Initialize(int required)
    {
        Function<InitThread>("MPI_Init_thread")(0, 0, required, out var provided).Should().Be(0);
        provided.Should().Be(required);
    }

    private static T Function<T>(string name) => Marshal.GetDelegateForFunctionPointer<T>(NativeLibrary.GetExport(s_library.Value, name));
}
