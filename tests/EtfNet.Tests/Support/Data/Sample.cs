using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Tests.Support;

/// <summary>Random tensors from a seed of their own.</summary>
internal static class Sample
{
    public static Tensor Normal(int seed, params long[] shape)
    {
        using var generator = new Generator((ulong)seed);
        return randn(shape, dtype: ScalarType.Float64, generator: generator);
    }

    /// <summary>Orthonormal columns.</summary>
    public static Tensor Orthonormal(int seed, long rows, long columns) => linalg.qr(Normal(seed, rows, columns)).Q;

    /// <summary>A matrix whose singular values fall: rows x columns of a rank.</summary>
    public static Tensor LowRank(int seed, long rows, long columns, long rank) =>
        Normal(seed, rows, rank).mm(Normal(seed + 1, rank, columns));

    public static double Max(Tensor difference) =>
        difference.numel() == 0 ? 0 : difference.abs().max().to(ScalarType.Float64).item<double>();
}
