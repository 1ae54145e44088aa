using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Chooses a kernel's compiled form.</summary>
internal static unsafe class SimdDispatch
{
    [ThreadStatic]
    private static SimdWidth? s_forced;

    /// <summary>The widest vectors that this machine runs fast.</summary>
    public static SimdWidth Widest { get; } =
        Vector512.IsHardwareAccelerated ? SimdWidth.Bits512
        : Vector256.IsHardwareAccelerated ? SimdWidth.Bits256
        : Vector128.IsHardwareAccelerated ? SimdWidth.Bits128
        : SimdWidth.Plain;

    /// <summary>What the calling thread's kernels run on, at most.</summary>
    public static SimdWidth Width => s_forced ?? Widest;

    /// <summary>
    /// Lets the calling thread's kernels run on narrower vectors, or on none: how a test compares them. Null for the widest.
    /// </summary>
    public static void Force(SimdWidth? width) => s_forced = width;

    /// <summary>The widest vectors that a run of numbers fills.</summary>
    /// <param name="dtype">Of the numbers; those of bfloat16 are float32 in a vector.</param>
    /// <param name="numbers">How many there are in the shortest run.</param>
    public static SimdWidth Fitting(ScalarType dtype, long numbers)
    {
        var (width, bits) = (Width, dtype == ScalarType.Float64 ? 64 : 32);
        while (width != SimdWidth.Plain && numbers * bits < (long)width)
            width = width == SimdWidth.Bits128 ? SimdWidth.Plain : (SimdWidth)((int)width / 2);
        return width;
    }

    /// <summary>The numbers of a vector.</summary>
    public static int Count(ScalarType dtype, SimdWidth width) => Math.Max(1, (int)width / (dtype == ScalarType.Float64 ? 64 : 32));

    /// <summary>The form of a kernel for a type of tensors and a width of vectors; null for a type that kernels do not take.</summary>
    public static delegate*<long, long, void*, void> Of<TKernel>(ScalarType dtype, SimdWidth width)
        where TKernel : IKernel => (dtype, width) switch
        {
            (ScalarType.Float32, SimdWidth.Bits512) => &TKernel.Run<Simd512<float>, Vector512<float>, float>,
            (ScalarType.Float32, SimdWidth.Bits256) => &TKernel.Run<Simd256<float>, Vector256<float>, float>,
            (ScalarType.Float32, SimdWidth.Bits128) => &TKernel.Run<Simd128<float>, Vector128<float>, float>,
            (ScalarType.Float32, _) => &TKernel.Run<SimdPlain<float>, float, float>,
            (ScalarType.Float64, SimdWidth.Bits512) => &TKernel.Run<Simd512<double>, Vector512<double>, double>,
            (ScalarType.Float64, SimdWidth.Bits256) => &TKernel.Run<Simd256<double>, Vector256<double>, double>,
            (ScalarType.Float64, SimdWidth.Bits128) => &TKernel.Run<Simd128<double>, Vector128<double>, double>,
            (ScalarType.Float64, _) => &TKernel.Run<SimdPlain<double>, double, double>,
            (ScalarType.BFloat16, SimdWidth.Bits512) =>
                &TKernel.Run<SimdBFloat16<Simd512<float>, Vector512<float>>, Vector512<float>, ushort>,
            (ScalarType.BFloat16, SimdWidth.Bits256) =>
                &TKernel.Run<SimdBFloat16<Simd256<float>, Vector256<float>>, Vector256<float>, ushort>,
            (ScalarType.BFloat16, SimdWidth.Bits128) =>
                &TKernel.Run<SimdBFloat16<Simd128<float>, Vector128<float>>, Vector128<float>, ushort>,
            (ScalarType.BFloat16, _) => &TKernel.Run<SimdBFloat16<SimdPlain<float>, float>, float, ushort>,
            _ => null,
        };
}
