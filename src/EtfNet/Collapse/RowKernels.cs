using System.Numerics;
using System.Runtime.InteropServices;

namespace EtfNet;

/// <summary>What the statistics do with rows and sums: one pass over the features, sums in float64.</summary>
internal static class RowKernels
{
    /// <summary><paramref name="to"/> = <paramref name="from"/> + the named rows, at least one; not finite if one of them is not.</summary>
    public static unsafe void AddRows(FeatureRows features, ReadOnlySpan<int> rows, ReadOnlySpan<double> from, Span<double> to)
    {
        fixed (void* first = features)
        fixed (double* source = from, target = to)
            RowSums.For(features.IsSingle).Add((nint)first, features.Width, rows, source, target);
    }

    /// <summary>Adds the named rows, seen from <paramref name="center"/>, to <paramref name="sum"/>; gives the sum of their squared
    /// norms.</summary>
    /// <remarks>The result is not finite exactly if one of the rows is not.</remarks>
    public static unsafe double AddDeviations(FeatureRows features, ReadOnlySpan<int> rows, ReadOnlySpan<double> center, Span<double> sum)
    {
        fixed (void* first = features)
        fixed (double* middle = center, target = sum)
            return RowSums.For(features.IsSingle).AddDeviations((nint)first, features.Width, rows, middle, target);
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

    /// <summary>Whether no value is NaN or infinite: zero times NaN or infinity is NaN, zero times any other value is zero.</summary>
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
}
