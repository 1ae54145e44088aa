using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Kernels.Simd;

/// <summary>Each arithmetic against plain numbers: also those wider than this machine's, which the runtime then does in software.</summary>
public sealed unsafe class SimdTests
{
    [Fact]
    public void Arithmetic_EveryWidthAndType_IsThatOfNumbers()
    {
        Check<Simd512<float>, Vector512<float>, float>(1e-6);
        Check<Simd256<float>, Vector256<float>, float>(1e-6);
        Check<Simd128<float>, Vector128<float>, float>(1e-6);
        Check<SimdPlain<float>, float, float>(1e-6);
        Check<Simd512<double>, Vector512<double>, double>(1e-15);
        Check<Simd256<double>, Vector256<double>, double>(1e-15);
        Check<Simd128<double>, Vector128<double>, double>(1e-15);
        Check<SimdPlain<double>, double, double>(1e-15);
        Check<SimdBFloat16<Simd512<float>, Vector512<float>>, Vector512<float>, ushort>(1e-2);
        Check<SimdBFloat16<Simd256<float>, Vector256<float>>, Vector256<float>, ushort>(1e-2);
        Check<SimdBFloat16<Simd128<float>, Vector128<float>>, Vector128<float>, ushort>(1e-2);
        Check<SimdBFloat16<SimdPlain<float>, float>, float, ushort>(1e-2);
        Check<SimdWidened<Simd512<double>, Vector512<double>>, Vector512<double>, float>(1e-6);
        Check<SimdWidened<Simd256<double>, Vector256<double>>, Vector256<double>, float>(1e-6);
        Check<SimdWidened<Simd128<double>, Vector128<double>>, Vector128<double>, float>(1e-6);
        Check<SimdWidened<SimdPlain<double>, double>, double, float>(1e-6);
    }

    [Fact]
    public void BFloat16_EveryNumber_RoundsAsLibtorchDoes()
    {
        using var scope = NewDisposeScope();
        // Every upper half with lower halves around the middle: ties to even, overflow to infinity, denormals, NaN.
        foreach (var low in new uint[] { 0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF })
        {
            var values = new float[0x10000];
            for (var high = 0; high < values.Length; high++)
                values[high] = BitConverter.UInt32BitsToSingle(((uint)high << 16) | low);
            var expected = tensor(values).to(ScalarType.BFloat16).to(float32).data<float>().ToArray();
            Equal(Rounded<SimdBFloat16<Simd512<float>, Vector512<float>>, Vector512<float>>(values), expected);
            Equal(Rounded<SimdBFloat16<Simd256<float>, Vector256<float>>, Vector256<float>>(values), expected);
            Equal(Rounded<SimdBFloat16<Simd128<float>, Vector128<float>>, Vector128<float>>(values), expected);
            Equal(Rounded<SimdBFloat16<SimdPlain<float>, float>, float>(values), expected);
        }

        static void Equal(float[] rounded, float[] expected)
        {
            for (var i = 0; i < expected.Length; i++)
                if (!rounded[i].Equals(expected[i]))
                    throw new InvalidOperationException($"{i:x}: {rounded[i]} for {expected[i]}");
        }
    }

    [Theory]
    [InlineData(ScalarType.Float32, 16, SimdWidth.Bits512, 16)]
    [InlineData(ScalarType.Float32, 15, SimdWidth.Bits256, 8)]
    [InlineData(ScalarType.Float32, 7, SimdWidth.Bits128, 4)]
    [InlineData(ScalarType.Float32, 3, SimdWidth.Plain, 1)]
    [InlineData(ScalarType.Float64, 8, SimdWidth.Bits512, 8)]
    [InlineData(ScalarType.Float64, 3, SimdWidth.Bits128, 2)]
    [InlineData(ScalarType.BFloat16, 16, SimdWidth.Bits512, 16)]
    internal void Fitting_ShortRun_IsWhatItFills(ScalarType type, long numbers, SimdWidth width, int count)
    {
        try
        {
            SimdDispatch.Force(SimdWidth.Bits512);
            SimdDispatch.Fitting(type, numbers).Should().Be(width);
            SimdDispatch.Count(type, width).Should().Be(count);
        }
        finally
        {
            SimdDispatch.Force(null);
        }
    }

    [Fact]
    public void Of_UnsupportedTypes_IsNull()
    {
        foreach (var type in Enum.GetValues<ScalarType>().Except([ScalarType.Float32, ScalarType.Float64, ScalarType.BFloat16]))
            (SimdDispatch.Of<CenteringKernel>(type, SimdWidth.Plain) == null).Should().BeTrue("{0}", type);
    }

    private static void Check<TSimd, TVector, TElement>(double tolerance)
        where TSimd : struct, ISimd<TVector, TElement>
        where TVector : struct
        where TElement : unmanaged
    {
        var (random, count) = (new Random(1), TSimd.Count);
        TElement* x = stackalloc TElement[count], y = stackalloc TElement[count + 1], result = stackalloc TElement[count + 1];
        var wide = stackalloc double[2 * count + 2];
        for (var i = 0; i < count; i++)
        {
            TSimd.Set(x + i, random.NextDouble() - 0.5);
            TSimd.Set(y + i, random.NextDouble() - 0.5);
        }

        TSimd.Set(result + count, 9);
        var (a, b) = (TSimd.Load(x), TSimd.Load(y));
        Each(TSimd.Add(a, b), i => TSimd.Get(x + i) + TSimd.Get(y + i));
        Each(TSimd.Multiply(a, b), i => TSimd.Get(x + i) * TSimd.Get(y + i));
        Each(TSimd.MultiplyAdd(a, b, TSimd.Create(0.25)), i => TSimd.Get(x + i) * TSimd.Get(y + i) + 0.25);
        Each(TSimd.Broadcast(x), _ => TSimd.Get(x));
        Each(TSimd.Zero, _ => 0);
        var total = Enumerable.Range(0, count).Sum(i => TSimd.Get(x + i));
        TSimd.Sum(a).Should().BeApproximately(total, tolerance);
        TSimd.FastSum(a).Should().BeApproximately(total, 4 * tolerance);

        TSimd.StoreWide(wide, 1, a);
        Each(TSimd.LoadWide(wide, 1), i => TSimd.Get(x + i));
        Each(TSimd.BroadcastWide(wide, 1), _ => TSimd.Get(x));
        TSimd.Widen(y, wide, 1);
        TSimd.GetWide(wide, 1).Should().BeApproximately(TSimd.Get(y), 1e-12);
        TSimd.WideSize.Should().Be(Unsafe.SizeOf<TVector>() / count);

        void Each(TVector vector, Func<int, double> expected)
        {
            TSimd.Store(result, vector);
            for (var i = 0; i < count; i++)
                TSimd.Get(result + i).Should().BeApproximately(expected(i), tolerance, "{0}, {1}", typeof(TSimd), i);
            TSimd.Get(result + count).Should().Be(9, "a vector ends where it ends");
        }
    }

    private static float[] Rounded<TSimd, TVector>(float[] values)
        where TSimd : struct, ISimd<TVector, ushort>
        where TVector : struct
    {
        var (rounded, result) = (new ushort[values.Length], new float[values.Length]);
        fixed (float* source = values)
        fixed (ushort* target = rounded)
            for (var i = 0; i < values.Length; i += TSimd.Count)
                TSimd.Store(target + i, TSimd.LoadWide(source, i));
        fixed (ushort* source = rounded)
            for (var i = 0; i < values.Length; i++)
                result[i] = (float)TSimd.Get(source + i);
        return result;
    }
}
