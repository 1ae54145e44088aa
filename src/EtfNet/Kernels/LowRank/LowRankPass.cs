using System.Buffers;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>An update of low rank of the rows of a matrix, by <see cref="LowRankKernel"/>.</summary>
internal static unsafe class LowRankPass
{
    /// <summary>The fewest rows that are worth a copy of the factors.</summary>
    private const long LeastRows = 16;

    /// <summary>The fewest multiplications that are worth a thread.</summary>
    private const long LeastWork = 1 << 18;

    /// <summary>The most bytes of a copy of the outer factor.</summary>
    private const long MostBytes = 1 << 30;

    /// <summary><c>factor (J x - outer inner^T x) + bias</c>: J takes the first numbers of a row, or puts zeros behind them.</summary>
    /// <param name="x">N x n. Nothing is recorded.</param>
    /// <param name="inner">n x w.</param>
    /// <param name="outer">m x w.</param>
    /// <param name="rank">How many of the w columns count.</param>
    /// <param name="factor">Of all of it but the bias.</param>
    /// <param name="bias">m numbers, or null.</param>
    /// <param name="store">Where the copy of the outer factor is kept for the next call with the same one; null for nowhere.</param>
    /// <returns>N x m, a new tensor of the current scope; null where the kernel does not reach, see <see cref="CenteringPass"/>.</returns>
    public static Tensor? TryApply(
        Tensor x, Tensor inner, Tensor outer, int rank, double factor, Tensor? bias = null, PanelStore? store = null)
    {
        if (NativeTorch.Current is not { } torch || !TryRead(torch, x, 2, null, out var from)
            || !TryRead(torch, inner, 2, from.Dtype, out var left) || !TryRead(torch, outer, 2, from.Dtype, out var right)
            || left.Size(0) != from.Size(1) || left.Size(1) < rank || right.Size(1) < rank)
            return null;
        // Whole vectors of a row of the inner factor reach into the rows behind it: they must not be nearly all there is.
        if (left.Size(0) > 1 && left.Stride(0) < rank)
            return null;
        var job = new LowRankJob
        {
            X = from.Data,
            FromRow = from.Stride(0),
            Inputs = from.Size(1),
            Inner = left.Data,
            InnerRow = left.Stride(0),
            Outer = right.Data,
            OuterRow = right.Stride(0),
            Outputs = right.Size(0),
            ToRow = right.Size(0),
            Rank = rank,
            Factor = factor,
        };
        if (bias is not null)
        {
            if (!TryRead(torch, bias, 1, from.Dtype, out var added) || added.Size(0) != job.Outputs)
                return null;
            job.Bias = added.Data;
        }

        var width = SimdDispatch.Fitting(from.Dtype, job.Outputs / LowRankPanels.Vectors);
        var bytes = LowRankPanels.Bytes(job.Outputs, rank, from.Dtype, width);
        if ((width == SimdWidth.Plain && SimdDispatch.Width != SimdWidth.Plain) || job.Outputs < LowRankPanels.Vectors || bytes > MostBytes)
            return null;
        var (y, data) = KernelTensor.New(torch, [from.Size(0), job.Outputs], [job.Outputs, 1], from.Dtype);
        job.Y = data;
        if (data == 0)
            return y;
        if (store is not null && PanelStore.Takes(job, from.Dtype))
            RunKept(ref job, from, width, store);
        else
            Run(ref job, from, width, (int)bytes);
        return y;
    }

    private static void RunKept(ref LowRankJob job, in KernelTensor from, SimdWidth width, PanelStore store)
    {
        var panels = store.Find(job, from.Dtype, width, out var areMade);
        job.Panels = panels.Address;
        if (!areMade)
        {
            MakePanels(ref job, from, width);
            store.Keep(panels);
        }

        Update(ref job, from, width);
        GC.KeepAlive(panels);
    }

    private static void Run(ref LowRankJob job, in KernelTensor from, SimdWidth width, int bytes)
    {
        var numbers = ArrayPool<byte>.Shared.Rent(bytes);
        try
        {
            fixed (byte* room = numbers)
            {
                job.Panels = (nint)room;
                MakePanels(ref job, from, width);
                Update(ref job, from, width);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(numbers);
        }
    }

    private static void MakePanels(ref LowRankJob job, in KernelTensor from, SimdWidth width)
    {
        var wide = LowRankPanels.Vectors * SimdDispatch.Count(from.Dtype, width);
        var panels = (job.Outputs + wide - 1) / wide;
        fixed (LowRankJob* pinned = &job)
            TorchThreads.For(panels, TorchThreads.Grain(wide * job.Rank), SimdDispatch.Of<LowRankPanels>(from.Dtype, width), pinned);
    }

    private static void Update(ref LowRankJob job, in KernelTensor from, SimdWidth width)
    {
        var grain = Math.Max(LeastRows, LeastWork / ((job.Inputs + job.Outputs) * job.Rank));
        fixed (LowRankJob* pinned = &job)
            TorchThreads.For(from.Size(0), grain, SimdDispatch.Of<LowRankKernel>(from.Dtype, width), pinned);
    }

    /// <summary>Reads a tensor whose last dimension is a run of memory.</summary>
    private static bool TryRead(NativeTorch torch, Tensor tensor, int dimensions, ScalarType? dtype, out KernelTensor read) =>
        KernelTensor.TryRead(torch, tensor, out read) && read.Dimensions == dimensions && (dtype is null || read.Dtype == dtype)
        && read.Stride(dimensions - 1) == 1;
}
