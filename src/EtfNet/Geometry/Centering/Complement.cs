using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>B, the m x (m-1) orthonormal basis of the complement of 1 that <see cref="Centering"/> uses, applied without its
/// matrix.</summary>
internal static class Complement
{
    /// <summary>B^T M for M of m rows.</summary>
    public static Tensor Project(Tensor matrix)
    {
        using var scope = NewDisposeScope();
        var count = matrix.shape[0];
        var root = Math.Sqrt(count);
        var shift = (matrix.sum(0L, keepdim: true) / root + matrix.narrow(0, count - 1, 1)) / (root + 1);
        return (matrix.narrow(0, 0, count - 1) - shift).MoveToOuterDisposeScope();
    }

    /// <summary>B N for N of m - 1 rows.</summary>
    public static Tensor Lift(Tensor matrix)
    {
        using var scope = NewDisposeScope();
        var count = matrix.shape[0] + 1;
        var root = Math.Sqrt(count);
        var sum = matrix.sum(0L, keepdim: true);
        return cat([matrix - sum / (count + root), -sum / root], 0).MoveToOuterDisposeScope();
    }
}
