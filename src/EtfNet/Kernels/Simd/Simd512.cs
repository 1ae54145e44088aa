using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EtfNet;

/// <summary>Vectors of 512 bits over float32 or float64.</summary>
internal readonly unsafe struct Simd512<T> : ISimd<Vector512<T>, T>
    where T : unmanaged, INumber<T>
{
    public static int Count => Vector512<T>.Count;

    public static int WideSize => sizeof(T);

    public static Vector512<T> Zero => Vector512<T>.Zero;

    public static Vector512<T> Create(double value) => Vector512.Create(T.CreateTruncating(value));

    public static Vector512<T> Load(T* source) => Vector512.Load(source);

    public static Vector512<T> Broadcast(T* source) => Vector512.Create(*source);

    public static void Store(T* target, Vector512<T> value) => value.Store(target);

    public static void StorePastCache(T* target, Vector512<T> value) => value.StoreAlignedNonTemporal(target);

    public static Vector512<T> LoadWide(void* scratch, long index) => Vector512.Load((T*)scratch + index);

    public static Vector512<T> BroadcastWide(void* scratch, long index) => Vector512.Create(((T*)scratch)[index]);

    public static void StoreWide(void* scratch, long index, Vector512<T> value) => value.Store((T*)scratch + index);

    public static Vector512<T> Add(Vector512<T> left, Vector512<T> right) => left + right;

    public static Vector512<T> Multiply(Vector512<T> left, Vector512<T> right) => left * right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> MultiplyAdd(Vector512<T> left, Vector512<T> right, Vector512<T> addend) =>
        typeof(T) == typeof(float)
            ? Vector512.MultiplyAddEstimate(left.AsSingle(), right.AsSingle(), addend.AsSingle()).As<float, T>()
            : Vector512.MultiplyAddEstimate(left.AsDouble(), right.AsDouble(), addend.AsDouble()).As<double, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sum(Vector512<T> value)
    {
        if (typeof(T) == typeof(double))
            return Vector512.Sum(value.AsDouble());
        var (low, high) = Vector512.Widen(value.AsSingle());
        return Vector512.Sum(low + high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double FastSum(Vector512<T> value) => double.CreateTruncating(Vector512.Sum(value));

    public static double Get(T* source) => double.CreateTruncating(*source);

    public static void Set(T* target, double value) => *target = T.CreateTruncating(value);

    public static double GetWide(void* scratch, long index) => double.CreateTruncating(((T*)scratch)[index]);

    public static void Widen(T* source, void* scratch, long index) => ((T*)scratch)[index] = *source;
}
