using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// A, the centering part of a frame of m points in R^n, and its adjoint: the first m coordinates minus their mean (m &lt;= n), or B of m = n + 1.
/// </summary>
/// <remarks>
/// B (m x n) is an orthonormal basis of the complement of 1: the first columns of the Householder reflection that sends 1/sqrt(m) to -e_m. It spans
/// what Helmert's does and needs one mean where Helmert's needs a running sum: <c>B x = (x - t/(m + sqrt m), -t/sqrt m)</c> with <c>t = sum x</c>.
/// It acts along dimension 1: on the rows of a matrix (N, n), and on the channels of maps (N, n, height, width).
/// </remarks>
internal static class Centering
{
    private static readonly long[] s_along = [1];

    /// <summary>factor A x.</summary>
    public static Tensor Apply(Tensor x, FrameShape shape, FrameScale scale)
    {
        var (m, n) = (shape.Points, shape.Space);
        if (m == n + 1)
        {
            using var mean = x.mean(s_along, keepdim: true);
            using var shift = mean.mul(scale.Times(-shape.Norm * n / (m + Math.Sqrt(m))));
            using var head = shift.add(x, scale.Times(shape.Norm));
            using var tail = mean.mul_(scale.Times(-shape.Norm * n / Math.Sqrt(m)));
            return cat([head, tail], 1);
        }

        if (m == n)
            return Center(x, shape, scale);
        using var part = x.narrow(1, 0, m);
        return Center(part, shape, scale);
    }

    /// <summary>factor A^T y.</summary>
    public static Tensor ApplyAdjoint(Tensor y, FrameShape shape, FrameScale scale)
    {
        var (m, n) = (shape.Points, shape.Space);
        if (m == n + 1)
        {
            var root = Math.Sqrt(m);
            using var head = y.narrow(1, 0, n);
            using var last = y.narrow(1, n, 1);
            using var mean = y.mean(s_along, keepdim: true);
            using var shift = mean.mul_(scale.Times(-shape.Norm * root / (root + 1)));
            using var all = shift.add_(last, scale.Times(-shape.Norm / (root + 1)));
            return all.add(head, scale.Times(shape.Norm));
        }

        if (m == n)
            return Center(y, shape, scale);
        using var centered = Center(y, shape, scale);
        return Pad(centered, n - m);
    }

    /// <summary>Zeros behind the last coordinates.</summary>
    private static Tensor Pad(Tensor x, long count)
    {
        var sides = new long[2 * (x.dim() - 1)];
        sides[^1] = count;
        return nn.functional.pad(x, sides);
    }

    /// <summary>One pass for the sums and one that writes the result.</summary>
    private static Tensor Center(Tensor x, FrameShape shape, FrameScale scale)
    {
        // A mean is a sum and one operation more; but sums of float16 overflow.
        using var shift = x.dtype == ScalarType.Float16
            ? x.mean(s_along, keepdim: true).mul_(scale.Times(-shape.Norm))
            : x.sum(s_along, keepdim: true).mul_(scale.Times(-shape.Norm / shape.Points));
        return shift.add(x, scale.Times(shape.Norm));
    }
}

/// <summary>The identity frame: centering and nothing else.</summary>
internal sealed class CenteringOperator(FrameShape shape) : FrameOperator
{
    public override bool RecordsItself => true;

    public override Tensor Apply(Tensor x, FrameScale scale) => Centering.Apply(x, shape, scale);

    public override Tensor ApplyAdjoint(Tensor y, FrameScale scale) => Centering.ApplyAdjoint(y, shape, scale);

    public override void Dispose()
    {
    }
}
