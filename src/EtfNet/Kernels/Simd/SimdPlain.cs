using System.Numerics;
using System.Runtime.CompilerServices;

namespace EtfNet;

/// <summary>
/// One number at a time, float32 or float64: for machines without vectors of 256 bits, and what the vectors are checked against.
/// </summary>
internal readonly unsafe struct SimdPlain<T> : ISimd<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static int Count => 1;

    public static int WideSize => sizeof(T);

    public static T Zero => T.Zero;

    public static T Create(double value) => T.CreateTruncating(value);

    public static T Load(T* source) => *source;

    public static T Broadcast(T* source) => *source;

    public static void Store(T* target, T value) => *target = value;

    public static void StorePastCache(T* target, T value) => *target = value;

    public static T LoadWide(void* scratch, long index) => ((T*)scratch)[index];

    public static T BroadcastWide(void* scratch, long index) => ((T*)scratch)[index];

    public static void StoreWide(void* scratch, long index, T value) => ((T*)scratch)[index] = value;

    public static T Add(T left, T right) => left + right;

    public static T Multiply(T left, T right) => left * right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T MultiplyAdd(T left, T right, T addend) => T.MultiplyAddEstimate(left, right, addend);

    public static double Sum(T value) => double.CreateTruncating(value);

    public static double FastSum(T value) => Sum(value);

    public static double Get(T* source) => double.CreateTruncating(*source);

    public static void Set(T* target, double value) => *target = T.CreateTruncating(value);

    public static double GetWide(void* scratch, long index) => double.CreateTruncating(((T*)scratch)[index]);

    public static void Widen(T* source, void* scratch, long index) => ((T*)scratch)[index] = *source;
}
