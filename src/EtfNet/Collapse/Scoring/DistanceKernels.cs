using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EtfNet;

/// <summary>The inner loops of scoring.</summary>
internal static class DistanceKernels
{
    /// <summary>The rows that <see cref="Products"/> takes together.</summary>
    public const int RowsAtATime = 4;

    /// <summary>Writes a sample less the global mean; gives its squared norm, which is not finite exactly if a feature is not (or float32 cannot hold it).</summary>
    public static float Center(FeatureRows features, int row, ClassCenters centers, Span<float> target)
    {
        var global = centers.Global.AsSpan(0, features.Width);
        if (!features.IsSingle)
            return CenterDouble(features.DoubleRow(row), global, target);

        var source = features.SingleRow(row);
        ref var from = ref MemoryMarshal.GetReference(source);
        ref var mean = ref MemoryMarshal.GetReference(global);
        ref var to = ref MemoryMarshal.GetReference(target);
        var squares = Vector<float>.Zero;
        var i = 0;
        for (; i <= source.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            var value = Vector.LoadUnsafe(ref from, (nuint)i) - Vector.LoadUnsafe(ref mean, (nuint)i);
            value.StoreUnsafe(ref to, (nuint)i);
            squares += value * value;
        }

        var total = Vector.Sum(squares);
        for (; i < source.Length; i++)
        {
            target[i] = source[i] - global[i];
            total += target[i] * target[i];
        }

        return total;
    }

    /// <summary>Four rows times <paramref name="count"/> centers, all of length <paramref name="stride"/>; products are rows x count.</summary>
    public static void Products(ReadOnlySpan<float> rows, ReadOnlySpan<float> centers, int stride, int count, Span<float> products)
    {
        ref var row = ref MemoryMarshal.GetReference(rows);
        ref var center = ref MemoryMarshal.GetReference(centers);
        var k = 0;
        for (; k + 2 <= count; k += 2)
            Pair(ref row, ref Unsafe.Add(ref center, (nint)k * stride), stride, products[k..], count);
        if (k < count)
            One(ref row, ref Unsafe.Add(ref center, (nint)k * stride), stride, products[k..], count);
    }

    /// <summary>One row times one center.</summary>
    public static float Product(ReadOnlySpan<float> row, ReadOnlySpan<float> center)
    {
        var total = Vector<float>.Zero;
        ref var left = ref MemoryMarshal.GetReference(row);
        ref var right = ref MemoryMarshal.GetReference(center);
        for (nuint i = 0; i < (nuint)center.Length; i += (nuint)Vector<float>.Count)
            total = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref left, i), Vector.LoadUnsafe(ref right, i), total);
        return Vector.Sum(total);
    }

    private static float CenterDouble(ReadOnlySpan<double> source, ReadOnlySpan<float> global, Span<float> target)
    {
        var total = 0f;
        for (var i = 0; i < source.Length; i++)
        {
            target[i] = (float)(source[i] - global[i]);
            total += target[i] * target[i];
        }

        return total;
    }

    // Two centers at a time: each vector of the four rows is loaded once for both, and eight sums hide the latency of the multiply-adds.
    private static void Pair(ref float row, ref float center, int stride, Span<float> products, int count)
    {
        var (a0, a1, b0, b1) = (Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero);
        var (c0, c1, d0, d1) = (Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero);
        var n = (nuint)stride;
        for (nuint i = 0; i < n; i += (nuint)Vector<float>.Count)
        {
            var first = Vector.LoadUnsafe(ref center, i);
            var second = Vector.LoadUnsafe(ref center, n + i);
            var value = Vector.LoadUnsafe(ref row, i);
            a0 = Vector.MultiplyAddEstimate(value, first, a0);
            a1 = Vector.MultiplyAddEstimate(value, second, a1);
            value = Vector.LoadUnsafe(ref row, n + i);
            b0 = Vector.MultiplyAddEstimate(value, first, b0);
            b1 = Vector.MultiplyAddEstimate(value, second, b1);
            value = Vector.LoadUnsafe(ref row, 2 * n + i);
            c0 = Vector.MultiplyAddEstimate(value, first, c0);
            c1 = Vector.MultiplyAddEstimate(value, second, c1);
            value = Vector.LoadUnsafe(ref row, 3 * n + i);
            d0 = Vector.MultiplyAddEstimate(value, first, d0);
            d1 = Vector.MultiplyAddEstimate(value, second, d1);
        }

        (products[0], products[1]) = (Vector.Sum(a0), Vector.Sum(a1));
        (products[count], products[count + 1]) = (Vector.Sum(b0), Vector.Sum(b1));
        (products[2 * count], products[2 * count + 1]) = (Vector.Sum(c0), Vector.Sum(c1));
        (products[3 * count], products[3 * count + 1]) = (Vector.Sum(d0), Vector.Sum(d1));
    }

    private static void One(ref float row, ref float center, int stride, Span<float> products, int count)
    {
        var (a, b, c, d) = (Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero);
        var n = (nuint)stride;
        for (nuint i = 0; i < n; i += (nuint)Vector<float>.Count)
        {
            var value = Vector.LoadUnsafe(ref center, i);
            a = Vector.MultiplyAddEstimate(value, Vector.LoadUnsafe(ref row, i), a);
            b = Vector.MultiplyAddEstimate(value, Vector.LoadUnsafe(ref row, n + i), b);
            c = Vector.MultiplyAddEstimate(value, Vector.LoadUnsafe(ref row, 2 * n + i), c);
            d = Vector.MultiplyAddEstimate(value, Vector.LoadUnsafe(ref row, 3 * n + i), d);
        }

        (products[0], products[count], products[2 * count], products[3 * count]) = (Vector.Sum(a), Vector.Sum(b), Vector.Sum(c), Vector.Sum(d));
    }
}
