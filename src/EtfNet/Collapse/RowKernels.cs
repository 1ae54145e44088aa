using System.Numerics;
using System.Runtime.InteropServices;

namespace EtfNet;

/// <summary>The inner loops of the statistics: one pass over the features, sums in float64.</summary>
internal static class RowKernels
{
    /// <summary>Adds the named rows, seen from <paramref name="center"/>, to <paramref name="sum"/>; gives the sum of their squared norms.</summary>
    /// <remarks>The result is not finite exactly if one of the rows is not.</remarks>
    public static double AddDeviations(FeatureRows features, ReadOnlySpan<int> rows, ReadOnlySpan<double> center, Span<double> sum)
    {
        var squares = 0.0;
        foreach (var row in rows)
            squares += features.IsSingle
                ? AddDeviation(features.SingleRow(row), center, sum)
                : AddDeviation(features.DoubleRow(row), center, sum);
        return squares;
    }

    /// <summary>Adds the named rows to <paramref name="sum"/>, which is not finite afterwards if one of them is not.</summary>
    public static void AddRows(FeatureRows features, ReadOnlySpan<int> rows, Span<double> sum)
    {
        var i = 0;
        if (features.IsSingle)
            for (; i + 4 <= rows.Length; i += 4)
                AddFour(features.SingleRow(rows[i]), features.SingleRow(rows[i + 1]), features.SingleRow(rows[i + 2]), features.SingleRow(rows[i + 3]), sum);
        for (; i < rows.Length; i++)
            if (features.IsSingle)
                AddOne(features.SingleRow(rows[i]), sum);
            else
                Add(features.DoubleRow(rows[i]), sum);
    }

    /// <summary>target += factor x source.</summary>
    public static void AddScaled(ReadOnlySpan<double> source, double factor, Span<double> target)
    {
        for (var i = 0; i < source.Length; i++)
            target[i] += factor * source[i];
    }

    public static double SquaredNorm(ReadOnlySpan<double> values)
    {
        var total = Vector<double>.Zero;
        var vectors = MemoryMarshal.Cast<double, Vector<double>>(values);
        foreach (var vector in vectors)
            total += vector * vector;
        var sum = Vector.Sum(total);
        for (var i = vectors.Length * Vector<double>.Count; i < values.Length; i++)
            sum += values[i] * values[i];
        return sum;
    }

    private static double AddDeviation(ReadOnlySpan<float> row, ReadOnlySpan<double> center, Span<double> sum)
    {
        var (lowSquares, highSquares) = (Vector<double>.Zero, Vector<double>.Zero);
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
            lowSquares += low * low;
            highSquares += high * high;
        }

        var squares = Vector.Sum(lowSquares + highSquares);
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

    private static void AddFour(ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> c, ReadOnlySpan<float> d, Span<double> sum)
    {
        var va = MemoryMarshal.Cast<float, Vector<float>>(a);
        var vb = MemoryMarshal.Cast<float, Vector<float>>(b);
        var vc = MemoryMarshal.Cast<float, Vector<float>>(c);
        var vd = MemoryMarshal.Cast<float, Vector<float>>(d);
        var sums = MemoryMarshal.Cast<double, Vector<double>>(sum);
        for (var i = 0; i < va.Length; i++)
        {
            Vector.Widen(va[i], out var a0, out var a1);
            Vector.Widen(vb[i], out var b0, out var b1);
            Vector.Widen(vc[i], out var c0, out var c1);
            Vector.Widen(vd[i], out var d0, out var d1);
            sums[2 * i] += a0 + b0 + (c0 + d0);
            sums[2 * i + 1] += a1 + b1 + (c1 + d1);
        }

        for (var i = va.Length * Vector<float>.Count; i < a.Length; i++)
            sum[i] += (double)a[i] + b[i] + ((double)c[i] + d[i]);
    }

    private static void AddOne(ReadOnlySpan<float> row, Span<double> sum)
    {
        var rows = MemoryMarshal.Cast<float, Vector<float>>(row);
        var sums = MemoryMarshal.Cast<double, Vector<double>>(sum);
        for (var i = 0; i < rows.Length; i++)
        {
            Vector.Widen(rows[i], out var low, out var high);
            sums[2 * i] += low;
            sums[2 * i + 1] += high;
        }

        for (var i = rows.Length * Vector<float>.Count; i < row.Length; i++)
            sum[i] += row[i];
    }

    private static void Add(ReadOnlySpan<double> row, Span<double> sum)
    {
        for (var i = 0; i < row.Length; i++)
            sum[i] += row[i];
    }
}
