using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Points as rows in float64: class means less their mean, or the rows of a classifier.</summary>
internal sealed class PointSet
{
    private const double Epsilon = 2.220446049250313e-16;

    private readonly double[] _high;
    private readonly double[]? _low;

    private PointSet(double[] values, int[] labels, int width, double[] high, double[]? low)
    {
        (Values, Labels, Width, _high, _low) = (values, labels, width, high, low);
        Squares = [.. labels.Select((_, row) => RowKernels.SquaredNorm(Row(row)))];
    }

    /// <summary>Count x width, row by row.</summary>
    public double[] Values { get; }

    /// <summary>The classes that the points belong to, ascending.</summary>
    public int[] Labels { get; }

    public int Count => Labels.Length;

    public int Width { get; }

    /// <summary>A length at or below which a point, or a difference of two, is only rounding.</summary>
    public double Rounding { get; private set; }

    /// <summary>The squared norm of each point.</summary>
    public double[] Squares { get; }

    /// <summary>Whether all points are zero up to rounding: there is no geometry to measure.</summary>
    public bool IsZero => Squares.Length == 0 || Math.Sqrt(Squares.Max()) <= Rounding;

    public ReadOnlySpan<double> Row(int index) => Values.AsSpan(index * Width, Width);

    /// <summary>The first point without a direction (of a norm that is only rounding); -1 for none.</summary>
    public int FindZero() => Array.FindIndex(Squares, square => Math.Sqrt(square) <= Rounding);

    /// <summary>The points as a tensor of the current scope.</summary>
    public Tensor ToTensor() => HostTensor.Of(Values, Count, Width);

    /// <summary>The squared distance of two points from their differences, which keeps the digits of points that are close.</summary>
    public double SquaredDistance(int a, int c)
    {
        var total = 0.0;
        for (var i = 0; i < Width; i++)
        {
            var difference = Difference(a, c, i);
            total += difference * difference;
        }

        return total;
    }

    /// <summary>
    /// The squared distance of two points x and y, each scaled to norm 1: <c>|(x - y) - y (|x| - |y|) / |y||^2 / |x|^2</c>.
    /// </summary>
    /// <remarks>
    /// The difference of the norms is <c>(x - y).(x + y) / (|x| + |y|)</c>: nothing is subtracted that is known to fewer digits.
    /// </remarks>
    public double SquaredUnitDistance(int a, int c)
    {
        var (first, second, along, total) = (Math.Sqrt(Squares[a]), Math.Sqrt(Squares[c]), 0.0, 0.0);
        for (var i = 0; i < Width; i++)
            along += Difference(a, c, i) * (Values[a * Width + i] + Values[c * Width + i]);
        var longer = along / (first + second) / second;
        for (var i = 0; i < Width; i++)
        {
            var difference = Difference(a, c, i) - Values[c * Width + i] * longer;
            total += difference * difference;
        }

        return total / Squares[a];
    }

    /// <summary>The means of the present classes less the mean of means.</summary>
    /// <param name="statistics">The statistics.</param>
    /// <param name="refinement">The corrections of the means, if they are known.</param>
    public static PointSet CenteredMeans(ClassStatistics statistics, MeanRefinement? refinement = null)
    {
        var (classes, width) = (Present(statistics), statistics.Width);
        var means = new double[checked(classes.Length * width)];
        var low = refinement is { IsComplete: true } ? new double[means.Length] : null;
        var (largest, most) = (0.0, 0L);
        for (var row = 0; row < classes.Length; row++)
        {
            var target = means.AsSpan(row * width, width);
            var sum = statistics.Sum(classes[row]);
            var count = statistics.Count(classes[row]);
            for (var i = 0; i < width; i++)
                target[i] = sum[i] / count;
            if (low is not null)
                refinement!.AddTo(classes[row], low.AsSpan(row * width, width));
            (largest, most) = (Math.Max(largest, RowKernels.SquaredNorm(target)), Math.Max(most, count));
        }

        // A mean of n numbers is off by a few roundings of its size, and by no more than about sqrt(n) of them.
        var rounding = Epsilon * (4 + Math.Sqrt(most)) * Math.Sqrt(largest);
        return new PointSet(Centered(means, low, classes.Length, width), classes, width, means, low) { Rounding = rounding };
    }

    /// <summary>The rows of a matrix on any device, as they are.</summary>
    public static PointSet Rows(Tensor matrix)
    {
        using var scope = NewDisposeScope();
        var here = matrix.detach().cpu().to(float64).contiguous();
        var values = MemoryMarshal.Cast<byte, double>(here.bytes).ToArray();
        var rows = new PointSet(values, [.. Enumerable.Range(0, (int)here.shape[0])], (int)here.shape[1], values, null);
        rows.Rounding = 4 * Epsilon * Math.Sqrt(rows.Squares.DefaultIfEmpty().Max());
        return rows;
    }

    /// <summary>The points of some labels, in their order.</summary>
    public PointSet Select(int[] wanted)
    {
        var picked = new double[checked(wanted.Length * Width)];
        for (var i = 0; i < wanted.Length; i++)
            Row(Array.BinarySearch(Labels, wanted[i])).CopyTo(picked.AsSpan(i * Width));
        return new PointSet(picked, wanted, Width, picked, null) { Rounding = Rounding };
    }

    /// <summary>The classes that have samples, ascending.</summary>
    public static int[] Present(ClassStatistics statistics) =>
        [.. Enumerable.Range(0, statistics.ClassCount).Where(c => statistics.Count(c) > 0)];

    // Computed from the means themselves: centering rounds each point, and close points differ in the digits that are lost.
    private double Difference(int a, int c, int i)
    {
        var difference = _high[a * Width + i] - _high[c * Width + i];
        return _low is null ? difference : difference + (_low[a * Width + i] - _low[c * Width + i]);
    }

    private static double[] Centered(double[] means, double[]? low, int count, int width)
    {
        var values = (double[])means.Clone();
        Subtract(values, width, Mean(values, count, width));
        if (low is null)
            return values;
        RowKernels.AddScaled(low, 1, values);
        Subtract(values, width, Mean(values, count, width));
        return values;
    }

    private static double[] Mean(double[] values, int count, int width)
    {
        var mean = new double[width];
        for (var row = 0; row < count; row++)
            RowKernels.AddScaled(values.AsSpan(row * width, width), 1.0 / count, mean);
        return mean;
    }

    private static void Subtract(double[] values, int width, double[] center)
    {
        for (var start = 0; start < values.Length; start += width)
            RowKernels.AddScaled(center, -1, values.AsSpan(start, width));
    }
}
