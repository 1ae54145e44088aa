using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EtfNet;

/// <summary>The inner loops of scoring, in float32, on the vectors that the machine has.</summary>
internal abstract unsafe class RowProducts
{
    /// <summary>The rows that <see cref="Multiply"/> takes together.</summary>
    public const int Rows = 4;

    /// <summary>The numbers that a row is rounded up to: whole vectors of any width.</summary>
    public const int Multiple = 16;

    /// <summary>Below this, adding up a wide vector takes longer than it saves.</summary>
    private const int NarrowStride = 256;

    /// <summary>The arithmetic of this machine for rows of a length.</summary>
    public static RowProducts For(int stride) => SimdDispatch.Width switch
    {
        SimdWidth.Bits512 when stride >= NarrowStride => RowProducts<Simd512<float>, Vector512<float>>.Instance,
        SimdWidth.Bits512 or SimdWidth.Bits256 => RowProducts<Simd256<float>, Vector256<float>>.Instance,
        SimdWidth.Bits128 => RowProducts<Simd128<float>, Vector128<float>>.Instance,
        _ => RowProducts<SimdPlain<float>, float>.Instance,
    };

    /// <summary>target = row - center.</summary>
    /// <param name="row">Float32.</param>
    /// <param name="center">As many numbers.</param>
    /// <param name="target">Likewise.</param>
    /// <param name="width">How many.</param>
    /// <returns>
    /// The squared norm of the target, which is not finite exactly if a number of the row is not (or float32 cannot hold it).
    /// </returns>
    public abstract float Subtract(float* row, float* center, float* target, int width);

    /// <summary>Four rows times some centers.</summary>
    /// <param name="rows">Four rows of <paramref name="stride"/> numbers.</param>
    /// <param name="centers">As many rows as there are centers, likewise.</param>
    /// <param name="stride">A multiple of <see cref="Multiple"/>.</param>
    /// <param name="count">How many centers.</param>
    /// <param name="products">Takes rows x count numbers.</param>
    public abstract void Multiply(float* rows, float* centers, int stride, int count, float* products);

    /// <summary>One row times one center.</summary>
    public abstract float Product(float* row, float* center, int stride);
}

/// <inheritdoc cref="RowProducts"/>
internal sealed unsafe class RowProducts<TSimd, TVector> : RowProducts
    where TSimd : struct, ISimd<TVector, float>
    where TVector : struct
{
    public static readonly RowProducts Instance = new RowProducts<TSimd, TVector>();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override float Subtract(float* row, float* center, float* target, int width)
    {
        var (total, minus, i) = (TSimd.Zero, TSimd.Create(-1), 0);
        for (; i <= width - TSimd.Count; i += TSimd.Count)
        {
            var value = TSimd.MultiplyAdd(minus, TSimd.Load(center + i), TSimd.Load(row + i));
            TSimd.Store(target + i, value);
            total = TSimd.MultiplyAdd(value, value, total);
        }

        var squares = TSimd.Sum(total);
        for (; i < width; i++)
        {
            target[i] = row[i] - center[i];
            squares += (double)target[i] * target[i];
        }

        return (float)squares;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Multiply(float* rows, float* centers, int stride, int count, float* products)
    {
        var k = 0;
        for (; k <= count - 2; k += 2)
            Two(rows, centers + (long)k * stride, stride, count, products + k);
        if (k < count)
            One(rows, centers + (long)k * stride, stride, count, products + k);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override float Product(float* row, float* center, int stride)
    {
        var total = TSimd.Zero;
        for (var i = 0; i < stride; i += TSimd.Count)
            total = TSimd.MultiplyAdd(TSimd.Load(row + i), TSimd.Load(center + i), total);
        return (float)TSimd.FastSum(total);
    }

    /// <summary>
    /// Two centers at a time: each vector of the four rows is loaded once for both, and eight sums hide the latency of the multiply-adds.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Two(float* row, float* center, int stride, int count, float* products)
    {
        var (a0, a1, b0, b1) = (TSimd.Zero, TSimd.Zero, TSimd.Zero, TSimd.Zero);
        var (c0, c1, d0, d1) = (TSimd.Zero, TSimd.Zero, TSimd.Zero, TSimd.Zero);
        long n = stride;
        for (long i = 0; i < n; i += TSimd.Count)
        {
            var (first, second) = (TSimd.Load(center + i), TSimd.Load(center + n + i));
            var value = TSimd.Load(row + i);
            (a0, a1) = (TSimd.MultiplyAdd(value, first, a0), TSimd.MultiplyAdd(value, second, a1));
            value = TSimd.Load(row + n + i);
            (b0, b1) = (TSimd.MultiplyAdd(value, first, b0), TSimd.MultiplyAdd(value, second, b1));
            value = TSimd.Load(row + 2 * n + i);
            (c0, c1) = (TSimd.MultiplyAdd(value, first, c0), TSimd.MultiplyAdd(value, second, c1));
            value = TSimd.Load(row + 3 * n + i);
            (d0, d1) = (TSimd.MultiplyAdd(value, first, d0), TSimd.MultiplyAdd(value, second, d1));
        }

        Put(products, count, a0, b0, c0, d0);
        Put(products + 1, count, a1, b1, c1, d1);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One(float* row, float* center, int stride, int count, float* products)
    {
        var (a, b, c, d) = (TSimd.Zero, TSimd.Zero, TSimd.Zero, TSimd.Zero);
        long n = stride;
        for (long i = 0; i < n; i += TSimd.Count)
        {
            var value = TSimd.Load(center + i);
            a = TSimd.MultiplyAdd(value, TSimd.Load(row + i), a);
            b = TSimd.MultiplyAdd(value, TSimd.Load(row + n + i), b);
            c = TSimd.MultiplyAdd(value, TSimd.Load(row + 2 * n + i), c);
            d = TSimd.MultiplyAdd(value, TSimd.Load(row + 3 * n + i), d);
        }

        Put(products, count, a, b, c, d);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(float* products, int count, TVector a, TVector b, TVector c, TVector d)
    {
        products[0] = (float)TSimd.FastSum(a);
        products[count] = (float)TSimd.FastSum(b);
        products[2 * count] = (float)TSimd.FastSum(c);
        products[3 * count] = (float)TSimd.FastSum(d);
    }
}
