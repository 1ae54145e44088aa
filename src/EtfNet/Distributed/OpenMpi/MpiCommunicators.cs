using System.Diagnostics;

namespace EtfNet;

/// <summary>The two communicators of a group: one for its calls, one for messages beside them.</summary>
internal sealed unsafe class MpiCommunicators
{
    private readonly OpenMpi _mpi;

    private MpiCommunicators(OpenMpi mpi, nint calls, nint messages) => (_mpi, Calls, Messages) = (mpi, calls, messages);

    public nint Calls { get; }

    public nint Messages { get; }

    /// <exception cref="CollectiveException">A rank did not come in time.</exception>
    public static MpiCommunicators Create(MpiWorld world, TimeSpan timeout)
    {
        // MPI writes the copies into it when the last rank is there; not freed where that never comes.
        var copies = new NativeBlock(2 * sizeof(nint));
        for (var i = 0; i < 2; i++)
            Wait(world, world.Mpi.Duplicate(world.Mpi.World, (nint*)copies.Address + i), timeout);
        var result = new MpiCommunicators(world.Mpi, copies.View<nint>(2)[0], copies.View<nint>(2)[1]);
        copies.Dispose();
        world.Mpi.ReturnErrors(result.Calls);
        world.Mpi.ReturnErrors(result.Messages);
        return result;
    }

    public void Free()
    {
        _mpi.Free(Calls);
        _mpi.Free(Messages);
    }

    private static void Wait(MpiWorld world, nint request, TimeSpan timeout)
    {
        var start = Stopwatch.GetTimestamp();
        while (!world.Mpi.Test(ref request))
        {
            if (Stopwatch.GetElapsedTime(start) > timeout)
                throw MpiLaunch.NotStarted(timeout);
            Thread.Sleep(1);
        }
    }
}
