using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The outputs of an update of low rank on maps, by <see cref="SpreadKernel"/>.</summary>
internal static unsafe class SpreadPass
{
    /// <summary>Numbers of the coordinates that stay in the first-level cache while all channels are made of them.</summary>
    private const long BlockElements = 8192;

    /// <summary><c>factor (x - left coordinates)</c> at every position, of the leading channels of x.</summary>
    /// <param name="x">(N, C, rows, columns), maps that are one run of memory per channel. Nothing is recorded.</param>
    /// <param name="left">K x w, K at most C.</param>
    /// <param name="coordinates">(N, w, rows, columns), likewise.</param>
    /// <param name="factor">Of all of it.</param>
    /// <returns>(N, K, rows, columns), a new tensor of the current scope; null where the kernel does not reach, see
    /// <see cref="CenteringPass"/>.</returns>
    public static Tensor? TryApply(Tensor x, Tensor left, Tensor coordinates, double factor)
    {
        if (NativeTorch.Current is not { } torch || !KernelTensor.TryRead(torch, x, out var from)
            || !KernelTensor.TryRead(torch, left, out var rows) || !KernelTensor.TryRead(torch, coordinates, out var inner)
            || rows.Dtype != from.Dtype || inner.Dtype != from.Dtype || rows.Dimensions != 2 || rows.Stride(1) != 1
            || !AreRuns(from) || !AreRuns(inner))
            return null;
        var (batch, outputs, positions) = (from.Size(0), rows.Size(0), from.Size(2) * from.Size(3));
        if (outputs > from.Size(1) || inner.Size(0) != batch || inner.Size(1) != rows.Size(1)
            || inner.Size(2) != from.Size(2) || inner.Size(3) != from.Size(3))
            return null;
        var width = SimdDispatch.Fitting(from.Dtype, positions);
        var (y, data) = KernelTensor.New(
            torch, [batch, outputs, from.Size(2), from.Size(3)], [outputs * positions, positions, from.Size(3), 1], from.Dtype);
        if (data == 0)
            return y;
        var job = new SpreadJob
        {
            X = from.Data,
            Y = data,
            Coordinates = inner.Data,
            Left = rows.Data,
            FromMap = from.Stride(0),
            ToMap = outputs * positions,
            CoordinatesMap = inner.Stride(0),
            FromChannel = from.Stride(1),
            CoordinatesChannel = inner.Stride(1),
            LeftRow = rows.Stride(0),
            Outputs = outputs,
            Rank = rows.Size(1),
            Positions = positions,
            Factor = factor,
        };
        job.Block = Math.Min(positions, Math.Max(64, BlockElements / Math.Max(1, job.Rank) / 64 * 64));
        job.Blocks = (positions + job.Block - 1) / job.Block;
        TorchThreads.For(
            batch * job.Blocks, TorchThreads.Grain(outputs * job.Block), SimdDispatch.Of<SpreadKernel>(from.Dtype, width), &job);
        return y;
    }

    private static bool AreRuns(in KernelTensor maps) =>
        maps.Dimensions == 4 && (maps.Size(3) == 1 || maps.Stride(3) == 1) && (maps.Size(2) == 1 || maps.Stride(2) == maps.Size(3));
}
