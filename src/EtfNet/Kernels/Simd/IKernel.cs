namespace EtfNet;

/// <summary>An inner loop over a range of independent pieces of work (rows, maps, blocks), in any arithmetic.</summary>
/// <remarks>
/// It runs on threads of libtorch: it takes no lock and makes no tensor. What it throws is thrown again by the caller's thread.
/// </remarks>
internal unsafe interface IKernel
{
    /// <param name="begin">The first piece.</param>
    /// <param name="end">One more than the last.</param>
    /// <param name="job">What the kernel works on: a struct on the caller's stack.</param>
    static abstract void Run<TSimd, TVector, TElement>(long begin, long end, void* job)
        where TSimd : struct, ISimd<TVector, TElement>
        where TVector : struct
        where TElement : unmanaged;
}
