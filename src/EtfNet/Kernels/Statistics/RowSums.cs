using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EtfNet;

/// <summary>Sums of rows of features, in float64, on the vectors that the machine has.</summary>
internal abstract unsafe class RowSums
{
    /// <summary>The arithmetic for features of a type.</summary>
    /// <param name="isSingle">Whether they are float32; else float64.</param>
    public static RowSums For(bool isSingle) => (isSingle, SimdDispatch.Width) switch
    {
        (true, SimdWidth.Bits512) => RowSums<SimdWidened<Simd512<double>, Vector512<double>>, Vector512<double>, float>.Instance,
        (true, SimdWidth.Bits256) => RowSums<SimdWidened<Simd256<double>, Vector256<double>>, Vector256<double>, float>.Instance,
        (true, SimdWidth.Bits128) => RowSums<SimdWidened<Simd128<double>, Vector128<double>>, Vector128<double>, float>.Instance,
        (true, _) => RowSums<SimdWidened<SimdPlain<double>, double>, double, float>.Instance,
        (false, SimdWidth.Bits512) => RowSums<Simd512<double>, Vector512<double>, double>.Instance,
        (false, SimdWidth.Bits256) => RowSums<Simd256<double>, Vector256<double>, double>.Instance,
        (false, SimdWidth.Bits128) => RowSums<Simd128<double>, Vector128<double>, double>.Instance,
        _ => RowSums<SimdPlain<double>, double, double>.Instance,
    };

    /// <summary>to = from + the named rows.</summary>
    /// <param name="features">The first row.</param>
    /// <param name="width">The numbers of a row.</param>
    /// <param name="rows">Which rows.</param>
    /// <param name="from">As many numbers.</param>
    /// <param name="to">Likewise; may be <paramref name="from"/>.</param>
    public abstract void Add(nint features, int width, ReadOnlySpan<int> rows, double* from, double* to);

    /// <summary>Adds the named rows, seen from a center, to a sum.</summary>
    /// <param name="features">As above.</param>
    /// <param name="width">As above.</param>
    /// <param name="rows">As above.</param>
    /// <param name="center">What they are seen from.</param>
    /// <param name="sum">Is added to.</param>
    /// <returns>The sum of their squared norms.</returns>
    public abstract double AddDeviations(nint features, int width, ReadOnlySpan<int> rows, double* center, double* sum);
}

/// <inheritdoc cref="RowSums"/>
internal sealed unsafe class RowSums<TSimd, TVector, TElement> : RowSums
    where TSimd : struct, ISimd<TVector, TElement>
    where TVector : struct
    where TElement : unmanaged
{
    public static readonly RowSums Instance = new RowSums<TSimd, TVector, TElement>();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Add(nint features, int width, ReadOnlySpan<int> rows, double* from, double* to)
    {
        var first = (TElement*)features;
        var i = 0;
        // Four rows at a time: a sum is loaded and stored once for all of them.
        for (; i <= rows.Length - 4; i += 4, from = to)
            Four(
                first + (long)rows[i] * width, first + (long)rows[i + 1] * width,
                first + (long)rows[i + 2] * width, first + (long)rows[i + 3] * width, width, from, to);
        for (; i < rows.Length; i++, from = to)
            One(first + (long)rows[i] * width, width, from, to);
        if (from != to)
            Buffer.MemoryCopy(from, to, (long)width * sizeof(double), (long)width * sizeof(double));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override double AddDeviations(nint features, int width, ReadOnlySpan<int> rows, double* center, double* sum)
    {
        var (squares, i) = (0.0, 0);
        var first = (TElement*)features;
        for (; i <= rows.Length - 4; i += 4)
            squares += FourDeviations(
                first + (long)rows[i] * width, first + (long)rows[i + 1] * width,
                first + (long)rows[i + 2] * width, first + (long)rows[i + 3] * width, width, center, sum);
        for (; i < rows.Length; i++)
            squares += OneDeviation(first + (long)rows[i] * width, width, center, sum);
        return squares;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(TElement* a, TElement* b, TElement* c, TElement* d, int width, double* from, double* to)
    {
        var i = 0;
        for (; i <= width - TSimd.Count; i += TSimd.Count)
        {
            var pairs = TSimd.Add(TSimd.Add(TSimd.Load(a + i), TSimd.Load(b + i)), TSimd.Add(TSimd.Load(c + i), TSimd.Load(d + i)));
            TSimd.StoreWide(to, i, TSimd.Add(TSimd.LoadWide(from, i), pairs));
        }

        for (; i < width; i++)
            to[i] = from[i] + (TSimd.Get(a + i) + TSimd.Get(b + i) + (TSimd.Get(c + i) + TSimd.Get(d + i)));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One(TElement* row, int width, double* from, double* to)
    {
        var i = 0;
        for (; i <= width - TSimd.Count; i += TSimd.Count)
            TSimd.StoreWide(to, i, TSimd.Add(TSimd.LoadWide(from, i), TSimd.Load(row + i)));
        for (; i < width; i++)
            to[i] = from[i] + TSimd.Get(row + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double FourDeviations(TElement* a, TElement* b, TElement* c, TElement* d, int width, double* center, double* sum)
    {
        // Four sums, so that none waits for the multiply-add before.
        var (first, second, third, fourth, minus) = (TSimd.Zero, TSimd.Zero, TSimd.Zero, TSimd.Zero, TSimd.Create(-1));
        var i = 0;
        for (; i <= width - TSimd.Count; i += TSimd.Count)
        {
            var opposite = TSimd.Multiply(minus, TSimd.LoadWide(center, i));
            var (e, f) = (TSimd.Add(TSimd.Load(a + i), opposite), TSimd.Add(TSimd.Load(b + i), opposite));
            var (g, h) = (TSimd.Add(TSimd.Load(c + i), opposite), TSimd.Add(TSimd.Load(d + i), opposite));
            TSimd.StoreWide(sum, i, TSimd.Add(TSimd.LoadWide(sum, i), TSimd.Add(TSimd.Add(e, f), TSimd.Add(g, h))));
            first = TSimd.MultiplyAdd(e, e, first);
            second = TSimd.MultiplyAdd(f, f, second);
            third = TSimd.MultiplyAdd(g, g, third);
            fourth = TSimd.MultiplyAdd(h, h, fourth);
        }

        var squares = TSimd.Sum(TSimd.Add(TSimd.Add(first, second), TSimd.Add(third, fourth)));
        for (; i < width; i++)
        {
            var (e, f) = (TSimd.Get(a + i) - center[i], TSimd.Get(b + i) - center[i]);
            var (g, h) = (TSimd.Get(c + i) - center[i], TSimd.Get(d + i) - center[i]);
            sum[i] += e + f + (g + h);
            squares += e * e + f * f + (g * g + h * h);
        }

        return squares;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double OneDeviation(TElement* row, int width, double* center, double* sum)
    {
        var (total, minus, i) = (TSimd.Zero, TSimd.Create(-1), 0);
        for (; i <= width - TSimd.Count; i += TSimd.Count)
        {
            var deviation = TSimd.MultiplyAdd(minus, TSimd.LoadWide(center, i), TSimd.Load(row + i));
            TSimd.StoreWide(sum, i, TSimd.Add(TSimd.LoadWide(sum, i), deviation));
            total = TSimd.MultiplyAdd(deviation, deviation, total);
        }

        var squares = TSimd.Sum(total);
        for (; i < width; i++)
        {
            var deviation = TSimd.Get(row + i) - center[i];
            sum[i] += deviation;
            squares += deviation * deviation;
        }

        return squares;
    }
}
