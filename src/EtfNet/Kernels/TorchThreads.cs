using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace EtfNet;

/// <summary>Runs loops on libtorch's own threads, as many as <c>torch.set_num_threads</c> says.</summary>
/// <remarks>
/// Other threads would have to share the cores with libtorch's, which go on spinning for some milliseconds after each operation.
/// </remarks>
internal static unsafe class TorchThreads
{
    /// <summary>Fewer elements than this are worth no second thread: libtorch's own measure.</summary>
    public const long GrainElements = 32768;

    /// <summary>How many pieces of a size are worth sharing among threads.</summary>
    public static long Grain(long elementsOfPiece) => Math.Max(1, GrainElements / Math.Max(1, elementsOfPiece));

    /// <summary>Runs <paramref name="body"/> on ranges that together are <c>[0, count)</c>, and waits for all.</summary>
    /// <param name="count">How many pieces of work there are. They are independent.</param>
    /// <param name="grain">The least number of pieces worth a thread of their own.</param>
    /// <param name="body">Takes the first piece, one more than the last, and the job.</param>
    /// <param name="job">What is worked on; lives until all is done.</param>
    public static void For(long count, long grain, delegate*<long, long, void*, void> body, void* job)
    {
        if (count <= 0)
            return;
        if (count <= grain || NativeTorch.Current is not { } torch)
        {
            body(0, count, job);
            return;
        }

        var loop = new Loop { Body = body, Job = job };
        var error = torch.ParallelFor(0, count, grain, &Piece, &loop);
        if (loop.Failure != 0)
        {
            var failure = GCHandle.FromIntPtr(loop.Failure);
            var exception = (Exception)failure.Target!;
            failure.Free();
            ExceptionDispatchInfo.Throw(exception);
        }

        if (error != 0)
            throw new InvalidOperationException("libtorch could not run a loop on its threads.");
    }

    /// <summary>Runs <paramref name="piece"/> on each of <c>0 .. count - 1</c>, and waits for all.</summary>
    public static void For(int count, Action<int> piece)
    {
        var held = GCHandle.Alloc(piece);
        try
        {
            For(count, 1, &Pieces, (void*)GCHandle.ToIntPtr(held));
        }
        finally
        {
            held.Free();
        }
    }

    private static void Pieces(long begin, long end, void* job)
    {
        var piece = (Action<int>)GCHandle.FromIntPtr((nint)job).Target!;
        for (var i = begin; i < end; i++)
            piece((int)i);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Piece(long begin, long end, void* context)
    {
        var loop = (Loop*)context;
        try
        {
            loop->Body(begin, end, loop->Job);
        }
        catch (Exception exception)
        {
            // No exception may cross native code: the first is kept for the caller.
            var kept = GCHandle.Alloc(exception);
            if (Interlocked.CompareExchange(ref loop->Failure, GCHandle.ToIntPtr(kept), 0) != 0)
                kept.Free();
        }
    }

    private struct Loop
    {
        public delegate*<long, long, void*, void> Body;
        public void* Job;
        public nint Failure;
    }
}
