using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EtfNet;

/// <summary>Another arithmetic over float64, with float32 in the tensors.</summary>
internal readonly unsafe struct SimdWidened<TSimd, TVector> : ISimd<TVector, float>
    where TSimd : struct, ISimd<TVector, double>
    where TVector : struct
{
    public static int Count => TSimd.Count;

    public static int WideSize => sizeof(double);

    public static TVector Zero => TSimd.Zero;

    public static TVector Create(double value) => TSimd.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load(float* source)
    {
        if (typeof(TVector) == typeof(Vector512<double>))
            return Unsafe.BitCast<Vector512<double>, TVector>(Vector512.WidenLower(Vector256.Load(source).ToVector512Unsafe()));
        if (typeof(TVector) == typeof(Vector256<double>))
            return Unsafe.BitCast<Vector256<double>, TVector>(Vector256.WidenLower(Vector128.Load(source).ToVector256Unsafe()));
        if (typeof(TVector) == typeof(Vector128<double>))
            return Unsafe.BitCast<Vector128<double>, TVector>(Vector128.Create((double)source[0], source[1]));
        return Unsafe.BitCast<double, TVector>(*source);
    }

    public static TVector Broadcast(float* source) => TSimd.Create(*source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePastCache(float* target, TVector value) => Store(target, value);

    public static void Store(float* target, TVector value)
    {
        for (var i = 0; i < Count; i++)
            target[i] = (float)Unsafe.Add(ref Unsafe.As<TVector, double>(ref value), i);
    }

    public static TVector LoadWide(void* scratch, long index) => TSimd.LoadWide(scratch, index);

    public static TVector BroadcastWide(void* scratch, long index) => TSimd.BroadcastWide(scratch, index);

    public static void StoreWide(void* scratch, long index, TVector value) => TSimd.StoreWide(scratch, index, value);

    public static TVector Add(TVector left, TVector right) => TSimd.Add(left, right);

    public static TVector Multiply(TVector left, TVector right) => TSimd.Multiply(left, right);

    public static TVector MultiplyAdd(TVector left, TVector right, TVector addend) => TSimd.MultiplyAdd(left, right, addend);

    public static double Sum(TVector value) => TSimd.Sum(value);

    public static double FastSum(TVector value) => TSimd.FastSum(value);

    public static double Get(float* source) => *source;

    public static void Set(float* target, double value) => *target = (float)value;

    public static double GetWide(void* scratch, long index) => ((double*)scratch)[index];

    public static void Widen(float* source, void* scratch, long index) => ((double*)scratch)[index] = *source;
}
