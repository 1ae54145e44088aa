using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EtfNet;

/// <summary>Vectors of 128 bits over float32 or float64.</summary>
internal readonly unsafe struct Simd128<T> : ISimd<Vector128<T>, T>
    where T : unmanaged, INumber<T>
{
    public static int Count => Vector128<T>.Count;

    public static int WideSize => sizeof(T);

    public static Vector128<T> Zero => Vector128<T>.Zero;

    public static Vector128<T> Create(double value) => Vector128.Create(T.CreateTruncating(value));

    public static Vector128<T> Load(T* source) => Vector128.Load(source);

    public static Vector128<T> Broadcast(T* source) => Vector128.Create(*source);

    public static void Store(T* target, Vector128<T> value) => value.Store(target);

    public static void StorePastCache(T* target, Vector128<T> value) => value.StoreAlignedNonTemporal(target);

    public static Vector128<T> LoadWide(void* scratch, long index) => Vector128.Load((T*)scratch + index);

    public static Vector128<T> BroadcastWide(void* scratch, long index) => Vector128.Create(((T*)scratch)[index]);

    public static void StoreWide(void* scratch, long index, Vector128<T> value) => value.Store((T*)scratch + index);

    public static Vector128<T> Add(Vector128<T> left, Vector128<T> right) => left + right;

    public static Vector128<T> Multiply(Vector128<T> left, Vector128<T> right) => left * right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> MultiplyAdd(Vector128<T> left, Vector128<T> right, Vector128<T> addend) =>
        typeof(T) == typeof(float)
            ? Vector128.MultiplyAddEstimate(left.AsSingle(), right.AsSingle(), addend.AsSingle()).As<float, T>()
            : Vector128.MultiplyAddEstimate(left.AsDouble(), right.AsDouble(), addend.AsDouble()).As<double, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sum(Vector128<T> value)
    {
        if (typeof(T) == typeof(double))
            return Vector128.Sum(value.AsDouble());
        var (low, high) = Vector128.Widen(value.AsSingle());
        return Vector128.Sum(low + high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double FastSum(Vector128<T> value) => double.CreateTruncating(Vector128.Sum(value));

    public static double Get(T* source) => double.CreateTruncating(*source);

    public static void Set(T* target, double value) => *target = T.CreateTruncating(value);

    public static double GetWide(void* scratch, long index) => double.CreateTruncating(((T*)scratch)[index]);

    public static void Widen(T* source, void* scratch, long index) => ((T*)scratch)[index] = *source;
}
