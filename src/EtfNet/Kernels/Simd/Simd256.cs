using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EtfNet;

/// <summary>Vectors of 256 bits over float32 or float64.</summary>
internal readonly unsafe struct Simd256<T> : ISimd<Vector256<T>, T>
    where T : unmanaged, INumber<T>
{
    public static int Count => Vector256<T>.Count;

    public static int WideSize => sizeof(T);

    public static Vector256<T> Zero => Vector256<T>.Zero;

    public static Vector256<T> Create(double value) => Vector256.Create(T.CreateTruncating(value));

    public static Vector256<T> Load(T* source) => Vector256.Load(source);

    public static Vector256<T> Broadcast(T* source) => Vector256.Create(*source);

    public static void Store(T* target, Vector256<T> value) => value.Store(target);

    public static void StorePastCache(T* target, Vector256<T> value) => value.StoreAlignedNonTemporal(target);

    public static Vector256<T> LoadWide(void* scratch, long index) => Vector256.Load((T*)scratch + index);

    public static Vector256<T> BroadcastWide(void* scratch, long index) => Vector256.Create(((T*)scratch)[index]);

    public static void StoreWide(void* scratch, long index, Vector256<T> value) => value.Store((T*)scratch + index);

    public static Vector256<T> Add(Vector256<T> left, Vector256<T> right) => left + right;

    public static Vector256<T> Multiply(Vector256<T> left, Vector256<T> right) => left * right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> MultiplyAdd(Vector256<T> left, Vector256<T> right, Vector256<T> addend) =>
        typeof(T) == typeof(float)
            ? Vector256.MultiplyAddEstimate(left.AsSingle(), right.AsSingle(), addend.AsSingle()).As<float, T>()
            : Vector256.MultiplyAddEstimate(left.AsDouble(), right.AsDouble(), addend.AsDouble()).As<double, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sum(Vector256<T> value)
    {
        if (typeof(T) == typeof(double))
            return Vector256.Sum(value.AsDouble());
        var (low, high) = Vector256.Widen(value.AsSingle());
        return Vector256.Sum(low + high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double FastSum(Vector256<T> value) => double.CreateTruncating(Vector256.Sum(value));

    public static double Get(T* source) => double.CreateTruncating(*source);

    public static void Set(T* target, double value) => *target = T.CreateTruncating(value);

    public static double GetWide(void* scratch, long index) => double.CreateTruncating(((T*)scratch)[index]);

    public static void Widen(T* source, void* scratch, long index) => ((T*)scratch)[index] = *source;
}
