using System.Numerics; using System.Runtime.CompilerServices; using System.Runtime.Intrinsics;
namespace Proto;
public unsafe interface ISimd<V, T> where V : struct where T : unmanaged
{
    static abstract int Count { get; }
    static abstract V Zero { get; }
    static abstract V Load(T* p);
    static abstract void Store(V v, T* p);
    static abstract void StoreAside(V v, T* p);
    static abstract V All(double value);
    static abstract V Add(V a, V b);
    static abstract V Fma(V a, V b, V c);
    static abstract double Sum(V a);
    static abstract double Get(T v);
    static abstract T Set(double v);
}
public unsafe readonly struct Simd512 : ISimd<Vector512<float>, float>
{
    public static int Count => 16; public static Vector512<float> Zero => Vector512<float>.Zero;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector512<float> Load(float* p) => Vector512.Load(p);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static void Store(Vector512<float> v, float* p) => v.Store(p);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static void StoreAside(Vector512<float> v, float* p) => v.StoreAlignedNonTemporal(p);
    public static Vector512<float> All(double v) => Vector512.Create((float)v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector512<float> Add(Vector512<float> a, Vector512<float> b) => a + b;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector512<float> Fma(Vector512<float> a, Vector512<float> b, Vector512<float> c) => Vector512.FusedMultiplyAdd(a, b, c);
    public static double Sum(Vector512<float> a) { var (l,h) = Vector512.Widen(a); return Vector512.Sum(l + h); }
    public static double Get(float v) => v; public static float Set(double v) => (float)v;
}
public unsafe readonly struct Simd256 : ISimd<Vector256<float>, float>
{
    public static int Count => 8; public static Vector256<float> Zero => Vector256<float>.Zero;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector256<float> Load(float* p) => Vector256.Load(p);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static void Store(Vector256<float> v, float* p) => v.Store(p);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static void StoreAside(Vector256<float> v, float* p) => v.StoreAlignedNonTemporal(p);
    public static Vector256<float> All(double v) => Vector256.Create((float)v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector256<float> Add(Vector256<float> a, Vector256<float> b) => a + b;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static Vector256<float> Fma(Vector256<float> a, Vector256<float> b, Vector256<float> c) => Vector256.FusedMultiplyAdd(a, b, c);
    public static double Sum(Vector256<float> a) { var (l,h) = Vector256.Widen(a); return Vector256.Sum(l + h); }
    public static double Get(float v) => v; public static float Set(double v) => (float)v;
}
public unsafe static class CenterKernel
{
    // y = norm x + shift
    public static void Rows<S, V, T>(T* x, T* y, long rows, int m, double norm, bool aside) where S : ISimd<V, T> where V : struct where T : unmanaged
    {
        for (long r = 0; r < rows; r++, x += m, y += m)
        {
            var sum = Total<S, V, T>(x, m);
            var shift = -norm * sum / m;
            Write<S, V, T>(x, y, m, norm, shift, aside);
        }
    }
    public static double Total<S, V, T>(T* x, int m) where S : ISimd<V, T> where V : struct where T : unmanaged
    {
        var total = 0.0; var i = 0; var step = 4 * S.Count;
        while (i <= m - step)
        {
            var end = Math.Min(m - step, i + 64 * step);
            V a = S.Zero, b = S.Zero, c = S.Zero, d = S.Zero;
            for (; i <= end; i += step)
            {
                a = S.Add(a, S.Load(x + i)); b = S.Add(b, S.Load(x + i + S.Count));
                c = S.Add(c, S.Load(x + i + 2 * S.Count)); d = S.Add(d, S.Load(x + i + 3 * S.Count));
            }
            total += S.Sum(S.Add(S.Add(a, b), S.Add(c, d)));
        }
        for (; i < m; i++) total += S.Get(x[i]);
        return total;
    }
    public static void Write<S, V, T>(T* x, T* y, int m, double norm, double shift, bool aside) where S : ISimd<V, T> where V : struct where T : unmanaged
    {
        V n = S.All(norm), s = S.All(shift); var i = 0; var step = 4 * S.Count;
        if (aside)
            for (; i <= m - step; i += step)
            {
                S.StoreAside(S.Fma(S.Load(x + i), n, s), y + i);
                S.StoreAside(S.Fma(S.Load(x + i + S.Count), n, s), y + i + S.Count);
                S.StoreAside(S.Fma(S.Load(x + i + 2 * S.Count), n, s), y + i + 2 * S.Count);
                S.StoreAside(S.Fma(S.Load(x + i + 3 * S.Count), n, s), y + i + 3 * S.Count);
            }
        else
            for (; i <= m - step; i += step)
            {
                S.Store(S.Fma(S.Load(x + i), n, s), y + i);
                S.Store(S.Fma(S.Load(x + i + S.Count), n, s), y + i + S.Count);
                S.Store(S.Fma(S.Load(x + i + 2 * S.Count), n, s), y + i + 2 * S.Count);
                S.Store(S.Fma(S.Load(x + i + 3 * S.Count), n, s), y + i + 3 * S.Count);
            }
        for (; i < m; i++) y[i] = S.Set(S.Get(x[i]) * norm + shift);
    }
}
