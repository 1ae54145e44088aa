using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EtfNet;

/// <summary>Another arithmetic over float32, with bfloat16 in the tensors: loads widen, stores round to the nearest even.</summary>
internal readonly unsafe struct SimdBFloat16<TSimd, TVector> : ISimd<TVector, ushort>
    where TSimd : struct, ISimd<TVector, float>
    where TVector : struct
{
    public static int Count => TSimd.Count;

    public static int WideSize => sizeof(float);

    public static TVector Zero => TSimd.Zero;

    public static TVector Create(double value) => TSimd.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load(ushort* source)
    {
        if (typeof(TVector) == typeof(Vector512<float>))
        {
            var (low, high) = Vector256.Widen(Vector256.Load(source));
            return Unsafe.BitCast<Vector512<float>, TVector>(Vector512.ShiftLeft(Vector512.Create(low, high), 16).AsSingle());
        }

        if (typeof(TVector) == typeof(Vector256<float>))
        {
            var (low, high) = Vector128.Widen(Vector128.Load(source));
            return Unsafe.BitCast<Vector256<float>, TVector>(Vector256.ShiftLeft(Vector256.Create(low, high), 16).AsSingle());
        }

        if (typeof(TVector) == typeof(Vector128<float>))
        {
            var words = Vector128.WidenLower(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(source)).AsUInt16());
            return Unsafe.BitCast<Vector128<float>, TVector>(Vector128.ShiftLeft(words, 16).AsSingle());
        }

        return Unsafe.BitCast<float, TVector>(Single(source));
    }

    public static TVector Broadcast(ushort* source) => TSimd.Create(Single(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePastCache(ushort* target, TVector value) => Store(target, value);

    public static void Store(ushort* target, TVector value)
    {
        if (typeof(TVector) == typeof(Vector512<float>))
        {
            var wide = Unsafe.BitCast<TVector, Vector512<float>>(value);
            var bits = wide.AsUInt32();
            var rounded = (bits + Vector512.Create(0x7FFFu) + ((bits >> 16) & Vector512<uint>.One)) >> 16;
            rounded = Vector512.ConditionalSelect(Vector512.IsNaN(wide).AsUInt32(), Vector512.Create(0x7FC0u), rounded);
            Vector256.Narrow(rounded.GetLower(), rounded.GetUpper()).Store(target);
        }
        else if (typeof(TVector) == typeof(Vector256<float>))
        {
            var wide = Unsafe.BitCast<TVector, Vector256<float>>(value);
            var bits = wide.AsUInt32();
            var rounded = (bits + Vector256.Create(0x7FFFu) + ((bits >> 16) & Vector256<uint>.One)) >> 16;
            rounded = Vector256.ConditionalSelect(Vector256.IsNaN(wide).AsUInt32(), Vector256.Create(0x7FC0u), rounded);
            Vector128.Narrow(rounded.GetLower(), rounded.GetUpper()).Store(target);
        }
        else if (typeof(TVector) == typeof(Vector128<float>))
        {
            var wide = Unsafe.BitCast<TVector, Vector128<float>>(value);
            var bits = wide.AsUInt32();
            var rounded = (bits + Vector128.Create(0x7FFFu) + ((bits >> 16) & Vector128<uint>.One)) >> 16;
            rounded = Vector128.ConditionalSelect(Vector128.IsNaN(wide).AsUInt32(), Vector128.Create(0x7FC0u), rounded);
            Unsafe.WriteUnaligned(target, Vector128.Narrow(rounded, rounded).AsUInt64().ToScalar());
        }
        else
        {
            *target = Rounded(Unsafe.BitCast<TVector, float>(value));
        }
    }

    public static TVector LoadWide(void* scratch, long index) => TSimd.LoadWide(scratch, index);

    public static TVector BroadcastWide(void* scratch, long index) => TSimd.BroadcastWide(scratch, index);

    public static void StoreWide(void* scratch, long index, TVector value) => TSimd.StoreWide(scratch, index, value);

    public static TVector Add(TVector left, TVector right) => TSimd.Add(left, right);

    public static TVector Multiply(TVector left, TVector right) => TSimd.Multiply(left, right);

    public static TVector MultiplyAdd(TVector left, TVector right, TVector addend) => TSimd.MultiplyAdd(left, right, addend);

    public static double Sum(TVector value) => TSimd.Sum(value);

    public static double FastSum(TVector value) => TSimd.FastSum(value);

    public static double Get(ushort* source) => Single(source);

    public static void Set(ushort* target, double value) => *target = Rounded((float)value);

    public static double GetWide(void* scratch, long index) => TSimd.GetWide(scratch, index);

    public static void Widen(ushort* source, void* scratch, long index) => ((float*)scratch)[index] = Single(source);

    private static float Single(ushort* source) => BitConverter.UInt32BitsToSingle((uint)*source << 16);

    private static ushort Rounded(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)0x7FC0 : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
