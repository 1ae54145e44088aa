using System.Numerics;
using System.Runtime.InteropServices;

namespace EtfNet;

/// <summary>The inner loops of the statistics: one pass over the features, sums in float64.</summary>
internal static class RowKernels
{
    /// <summary><paramref name="to"/> = <paramref name="from"/> + the named rows, at least one; not finite if one of them is not.</summary>
    public static void AddRows(FeatureRows features, ReadOnlySpan<int> rows, ReadOnlySpan<double> from, Span<double> to)
    {
        if (!features.IsSingle)
        {
            from.CopyTo(to);
            foreach (var row in rows)
                AddScaled(features.DoubleRow(row), 1, to);
            return;
        }

        var i = 0;
        for (; i + 4 <= rows.Length; i += 4, from = to)
            AddFour(features.SingleRow(rows[i]), features.SingleRow(rows[i + 1]), features.SingleRow(rows[i + 2]), features.SingleRow(rows[i + 3]), from, to);
        for (; i < rows.Length; i++, from = to)
            AddOne(features.SingleRow(rows[i]), from, to);
    }

    /// <summary>Adds the named rows, seen from <paramref name="center"/>, to <paramref name="sum"/>; gives the sum of their squared norms.</summary>
    /// <remarks>The result is not finite exactly if one of the rows is not.</remarks>
    public static double AddDeviations(FeatureRows features, ReadOnlySpan<int> rows, ReadOnlySpan<double> center, Span<double> sum)
    {
        var squares = 0.0;
        var i = 0;
        if (features.IsSingle)
            for (; i + 4 <= rows.Length; i += 4)
                squares += AddFourDeviations(
                    features.SingleRow(rows[i]), features.SingleRow(rows[i + 1]), features.SingleRow(rows[i + 2]), features.SingleRow(rows[i + 3]), center, sum);
        for (; i < rows.Length; i++)
            squares += features.IsSingle
                ? AddDeviation(features.SingleRow(rows[i]), center, sum)
                : AddDeviation(features.DoubleRow(rows[i]), center, sum);
        return squares;
    }

    /// <summary>target += factor x source.</summary>
    public static void AddScaled(ReadOnlySpan<double> source, double factor, Span<double> target)
    {
        var from = MemoryMarshal.Cast<double, Vector<double>>(source);
        var to = MemoryMarshal.Cast<double, Vector<double>>(target);
        for (var i = 0; i < from.Length; i++)
            to[i] += from[i] * factor;
        for (var i = from.Length * Vector<double>.Count; i < source.Length; i++)
            target[i] += factor * source[i];
    }

    /// <summary>target = factor x source.</summary>
    public static void Scale(ReadOnlySpan<double> source, double factor, Span<double> target)
    {
        var from = MemoryMarshal.Cast<double, Vector<double>>(source);
        var to = MemoryMarshal.Cast<double, Vector<double>>(target);
        for (var i = 0; i < from.Length; i++)
            to[i] = from[i] * factor;
        for (var i = from.Length * Vector<double>.Count; i < source.Length; i++)
            target[i] = factor * source[i];
    }

    public static double SquaredNorm(ReadOnlySpan<double> values)
    {
        var total = Vector<double>.Zero;
        var vectors = MemoryMarshal.Cast<double, Vector<double>>(values);
        foreach (var vector in vectors)
            total += vector * vector;
        var sum = Vector.Sum(total);
        foreach (var value in values[(vectors.Length * Vector<double>.Count)..])
            sum += value * value;
        return sum;
    }

    /// <summary>The inner product.</summary>
    public static double Product(ReadOnlySpan<double> one, ReadOnlySpan<double> other)
    {
        var total = Vector<double>.Zero;
        var left = MemoryMarshal.Cast<double, Vector<double>>(one);
        var right = MemoryMarshal.Cast<double, Vector<double>>(other);
        for (var i = 0; i < left.Length; i++)
            total += left[i] * right[i];
        var sum = Vector.Sum(total);
        for (var i = left.Length * Vector<double>.Count; i < one.Length; i++)
            sum += one[i] * other[i];
        return sum;
    }

    /// <summary>The sum of squared differences.</summary>
    public static double SquaredDistance(ReadOnlySpan<double> one, ReadOnlySpan<double> other)
    {
        var total = Vector<double>.Zero;
        var left = MemoryMarshal.Cast<double, Vector<double>>(one);
        var right = MemoryMarshal.Cast<double, Vector<double>>(other);
        for (var i = 0; i < left.Length; i++)
        {
            var difference = left[i] - right[i];
            total += difference * difference;
        }

        var sum = Vector.Sum(total);
        for (var i = left.Length * Vector<double>.Count; i < one.Length; i++)
            sum += (one[i] - other[i]) * (one[i] - other[i]);
        return sum;
    }

    /// <summary>Whether no value is NaN or infinite: zero times such a one is NaN, times any other zero.</summary>
    public static bool IsFinite(ReadOnlySpan<double> values)
    {
        var total = Vector<double>.Zero;
        var vectors = MemoryMarshal.Cast<double, Vector<double>>(values);
        foreach (var vector in vectors)
            total += vector * 0;
        var sum = Vector.Sum(total);
        foreach (var value in values[(vectors.Length * Vector<double>.Count)..])
            sum += value * 0;
        return sum == 0;
    }

    // Four rows at a time: a sum is loaded and stored once for all of them.
    private static void AddFour(
        ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> c, ReadOnlySpan<float> d, ReadOnlySpan<double> from, Span<double> to)
    {
        ref var ra = ref MemoryMarshal.GetReference(a);
        ref var rb = ref MemoryMarshal.GetReference(b);
        ref var rc = ref MemoryMarshal.GetReference(c);
        ref var rd = ref MemoryMarshal.GetReference(d);
        ref var rf = ref MemoryMarshal.GetReference(from);
        ref var rt = ref MemoryMarshal.GetReference(to);
        var i = 0;
        for (; i <= a.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Widen(Vector.LoadUnsafe(ref ra, (nuint)i), out var a0, out var a1);
            Vector.Widen(Vector.LoadUnsafe(ref rb, (nuint)i), out var b0, out var b1);
            Vector.Widen(Vector.LoadUnsafe(ref rc, (nuint)i), out var c0, out var c1);
            Vector.Widen(Vector.LoadUnsafe(ref rd, (nuint)i), out var d0, out var d1);
            var half = (nuint)(i + Vector<double>.Count);
            (Vector.LoadUnsafe(ref rf, (nuint)i) + (a0 + b0 + (c0 + d0))).StoreUnsafe(ref rt, (nuint)i);
            (Vector.LoadUnsafe(ref rf, half) + (a1 + b1 + (c1 + d1))).StoreUnsafe(ref rt, half);
        }

        for (; i < a.Length; i++)
            to[i] = from[i] + ((double)a[i] + b[i] + ((double)c[i] + d[i]));
    }

    private static void AddOne(ReadOnlySpan<float> row, ReadOnlySpan<double> from, Span<double> to)
    {
        var rows = MemoryMarshal.Cast<float, Vector<float>>(row);
        var source = MemoryMarshal.Cast<double, Vector<double>>(from);
        var target = MemoryMarshal.Cast<double, Vector<double>>(to);
        for (var i = 0; i < rows.Length; i++)
        {
            Vector.Widen(rows[i], out var low, out var high);
            target[2 * i] = source[2 * i] + low;
            target[2 * i + 1] = source[2 * i + 1] + high;
        }

        for (var i = rows.Length * Vector<float>.Count; i < row.Length; i++)
            to[i] = from[i] + row[i];
    }

    private static double AddFourDeviations(
        ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> c, ReadOnlySpan<float> d, ReadOnlySpan<double> center, Span<double> sum)
    {
        ref var ra = ref MemoryMarshal.GetReference(a);
        ref var rb = ref MemoryMarshal.GetReference(b);
        ref var rc = ref MemoryMarshal.GetReference(c);
        ref var rd = ref MemoryMarshal.GetReference(d);
        ref var rm = ref MemoryMarshal.GetReference(center);
        ref var rs = ref MemoryMarshal.GetReference(sum);
        // Four sums, so that none waits for the multiply-add before.
        var (first, second, third, fourth) = (Vector<double>.Zero, Vector<double>.Zero, Vector<double>.Zero, Vector<double>.Zero);
        var i = 0;
        for (; i <= a.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            var half = (nuint)(i + Vector<double>.Count);
            var m0 = Vector.LoadUnsafe(ref rm, (nuint)i);
            var m1 = Vector.LoadUnsafe(ref rm, half);
            Vector.Widen(Vector.LoadUnsafe(ref ra, (nuint)i), out var a0, out var a1);
            Vector.Widen(Vector.LoadUnsafe(ref rb, (nuint)i), out var b0, out var b1);
            Vector.Widen(Vector.LoadUnsafe(ref rc, (nuint)i), out var c0, out var c1);
            Vector.Widen(Vector.LoadUnsafe(ref rd, (nuint)i), out var d0, out var d1);
            (a0, b0, c0, d0) = (a0 - m0, b0 - m0, c0 - m0, d0 - m0);
            (a1, b1, c1, d1) = (a1 - m1, b1 - m1, c1 - m1, d1 - m1);
            (Vector.LoadUnsafe(ref rs, (nuint)i) + (a0 + b0 + (c0 + d0))).StoreUnsafe(ref rs, (nuint)i);
            (Vector.LoadUnsafe(ref rs, half) + (a1 + b1 + (c1 + d1))).StoreUnsafe(ref rs, half);
            first = Vector.MultiplyAddEstimate(a0, a0, Vector.MultiplyAddEstimate(b0, b0, first));
            second = Vector.MultiplyAddEstimate(a1, a1, Vector.MultiplyAddEstimate(b1, b1, second));
            third = Vector.MultiplyAddEstimate(c0, c0, Vector.MultiplyAddEstimate(d0, d0, third));
            fourth = Vector.MultiplyAddEstimate(c1, c1, Vector.MultiplyAddEstimate(d1, d1, fourth));
        }

        var squares = Vector.Sum(first + second + (third + fourth));
        for (; i < a.Length; i++)
        {
            var (ta, tb, tc, td) = (a[i] - center[i], b[i] - center[i], c[i] - center[i], d[i] - center[i]);
            sum[i] += ta + tb + (tc + td);
            squares += ta * ta + tb * tb + (tc * tc + td * td);
        }

        return squares;
    }

    private static double AddDeviation(ReadOnlySpan<float> row, ReadOnlySpan<double> center, Span<double> sum)
    {
        var (first, second) = (Vector<double>.Zero, Vector<double>.Zero);
        var rows = MemoryMarshal.Cast<float, Vector<float>>(row);
        var centers = MemoryMarshal.Cast<double, Vector<double>>(center);
        var sums = MemoryMarshal.Cast<double, Vector<double>>(sum);
        for (var i = 0; i < rows.Length; i++)
        {
            Vector.Widen(rows[i], out var low, out var high);
            low -= centers[2 * i];
            high -= centers[2 * i + 1];
            sums[2 * i] += low;
            sums[2 * i + 1] += high;
            first += low * low;
            second += high * high;
        }

        var squares = Vector.Sum(first + second);
        for (var i = rows.Length * Vector<float>.Count; i < row.Length; i++)
        {
            var deviation = row[i] - center[i];
            sum[i] += deviation;
            squares += deviation * deviation;
        }

        return squares;
    }

    private static double AddDeviation(ReadOnlySpan<double> row, ReadOnlySpan<double> center, Span<double> sum)
    {
        var squares = 0.0;
        for (var i = 0; i < row.Length; i++)
        {
            var deviation = row[i] - center[i];
            sum[i] += deviation;
            squares += deviation * deviation;
        }

        return squares;
    }
}
