using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Centering along dimension 1, of rows (N, n) or of maps (N, n, rows, columns), by <see cref="CenteringKernel"/>.</summary>
internal static unsafe class CenteringPass
{
    /// <summary>The elements of a piece of work, where groups lie next to each other: what half a second-level cache holds.</summary>
    private const long BlockElements = 32768;

    /// <summary>From how large an output on the next operation would not find it in a cache. A store past the cache saves a third of the
    /// traffic.</summary>
    private const long PastCacheBytes = 16 << 20;

    /// <summary>Whether the kernel takes tensors of the device and type of this one, with a gradient of its own.</summary>
    public static bool Reaches(Tensor x) => NativeAutograd.Current is not null && KernelTensor.TryRead(NativeTorch.Current!, x, out _);

    /// <summary>Applies a form.</summary>
    /// <param name="x">At least <see cref="CenteringForm.Summed"/> numbers along dimension 1. Nothing is recorded.</param>
    /// <param name="form">What to do with them.</param>
    /// <param name="bias">What to add to each of the outputs, or null.</param>
    /// <returns>A new tensor of the current scope, dense in the order of memory of x, or contiguous where x has a single channel or
    /// position; null where the kernel does not reach: other
    /// devices, types or layouts, or a libtorch without the functions that it needs.</returns>
    public static Tensor? TryApply(Tensor x, in CenteringForm form, Tensor? bias = null)
    {
        if (NativeTorch.Current is not { } torch || !KernelTensor.TryRead(torch, x, out var from)
            || from.Dimensions is not (2 or 4) || from.Size(1) < form.Summed)
            return null;
        var job = new CenteringJob { X = from.Data, Form = form };
        if (bias is not null)
        {
            if (!KernelTensor.TryRead(torch, bias, out var added) || added.Dtype != from.Dtype || added.Dimensions != 1
                || added.Size(0) != form.Outputs || added.Stride(0) != 1)
                return null;
            job.Bias = added.Data;
        }

        return from.Dimensions == 2 ? OfRows(torch, from, ref job) : OfMaps(torch, from, ref job);
    }

    private static Tensor? OfRows(NativeTorch torch, in KernelTensor from, ref CenteringJob job)
    {
        var (rows, outputs) = (from.Size(0), job.Form.Outputs);
        if (from.Stride(1) == 1)
        {
            (job.Positions, job.FromStride, job.ToStride) = (1, 1, 1);
            (job.From, job.To) = (new Steps(1, 1, from.Stride(0), 0, 0), new Steps(1, 1, outputs, 0, 0));
            return Run(torch, from, ref job, rows, [rows, outputs], [outputs, 1]);
        }

        if (from.Stride(0) != 1)
            return null;
        (job.Positions, job.FromStride, job.ToStride) = (rows, from.Stride(1), rows);
        (job.From, job.To) = (new Steps(1, 1, 0, 0, 0), new Steps(1, 1, 0, 0, 0));
        return Run(torch, from, ref job, 1, [rows, outputs], [1, rows]);
    }

    private static Tensor? OfMaps(NativeTorch torch, in KernelTensor from, ref CenteringJob job)
    {
        var (batch, rows, columns, outputs) = (from.Size(0), from.Size(2), from.Size(3), job.Form.Outputs);
        // A single channel or pixel has no memory order; outputs are then contiguous.
        if (from.Size(1) > 1 && from.Stride(1) == 1 && rows * columns > 1)
        {
            (job.Positions, job.FromStride, job.ToStride) = (1, 1, 1);
            job.From = new Steps(rows, columns, from.Stride(0), from.Stride(2), from.Stride(3));
            job.To = new Steps(rows, columns, rows * columns * outputs, columns * outputs, outputs);
            return Run(torch, from, ref job, batch * rows * columns,
                [batch, outputs, rows, columns], [rows * columns * outputs, 1, columns * outputs, outputs]);
        }

        if (columns > 1 && from.Stride(3) != 1)
            return null;
        (job.FromStride, job.ToStride) = (from.Stride(1), rows * columns);
        ReadOnlySpan<long> strides = [outputs * rows * columns, rows * columns, columns, 1];
        if (rows == 1 || from.Stride(2) == columns)
        {
            job.Positions = rows * columns;
            (job.From, job.To) = (new Steps(1, 1, from.Stride(0), 0, 0), new Steps(1, 1, strides[0], 0, 0));
            return Run(torch, from, ref job, batch, [batch, outputs, rows, columns], strides);
        }

        job.Positions = columns;
        (job.From, job.To) = (new Steps(1, rows, from.Stride(0), 0, from.Stride(2)), new Steps(1, rows, strides[0], 0, columns));
        return Run(torch, from, ref job, batch * rows, [batch, outputs, rows, columns], strides);
    }

    /// <summary>Makes the output and fills it.</summary>
    private static Tensor? Run(
        NativeTorch torch, in KernelTensor from, ref CenteringJob job, long pieces, ReadOnlySpan<long> sizes, ReadOnlySpan<long> strides)
    {
        // A single group that is no run of memory has no neighbors to make vectors of.
        if (job.Positions == 1 && job.FromStride != 1)
            return null;
        var width = SimdDispatch.Fitting(from.Dtype, job.Positions == 1 ? job.Form.Summed : job.Positions);
        var kernel = SimdDispatch.Of<CenteringKernel>(from.Dtype, width);
        var (y, data) = KernelTensor.New(torch, sizes, strides, from.Dtype);
        if (data == 0)
            return y;
        job.Y = data;
        job.PastCache = y.NumberOfElements * y.ElementSize >= PastCacheBytes;
        var numbers = Math.Max(job.Form.Summed, job.Form.Outputs);
        job.Block = job.Positions == 1 ? 1 : Math.Min(job.Positions, Math.Max(64, BlockElements / numbers / 64 * 64));
        job.Blocks = (job.Positions + job.Block - 1) / job.Block;
        fixed (CenteringJob* pinned = &job)
            TorchThreads.For(pieces * job.Blocks, TorchThreads.Grain(numbers * job.Block), kernel, pinned);
        return y;
    }
}
