using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Inner products of every point of one set with every point of another, a block of rows at a time.</summary>
internal static class PairProducts
{
    // Products held at a time: memory stays at 32 MiB however many points there are.
    private const int BlockElements = 1 << 22;

    /// <summary>Takes the products of point <paramref name="index"/> with all points of the other set.</summary>
    public delegate void RowVisitor(int index, ReadOnlySpan<double> products);

    /// <summary>Visits the points of <paramref name="left"/> in order.</summary>
    public static void Each(PointSet left, PointSet right, RowVisitor visit)
    {
        using var noGrad = no_grad();
        using var rows = left.ToTensor();
        using var others = right.ToTensor();
        using var columns = others.t();
        var size = Math.Clamp(BlockElements / right.Count, 1, left.Count);
        for (var start = 0; start < left.Count; start += size)
        {
            using var scope = NewDisposeScope();
            var products = rows.narrow(0, start, Math.Min(size, left.Count - start)).mm(columns).contiguous();
            var values = MemoryMarshal.Cast<byte, double>(products.bytes);
            for (var row = 0; row < products.shape[0]; row++)
                visit(start + row, values.Slice(row * right.Count, right.Count));
        }
    }
}
