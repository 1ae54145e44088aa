using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// A, the centering part of a frame of m points in R^n, and its adjoint: the first m coordinates minus their mean (m &lt;= n), or B of m =
/// n + 1.
/// </summary>
/// <remarks>
/// B (m x n) is an orthonormal basis of the complement of 1: the first columns of a Householder reflection, which sends 1/sqrt(m) to -e_m.
/// It spans
/// what Helmert's does and needs one mean where Helmert's needs a running sum: <c>B x = (x - t/(m + sqrt m), -t/sqrt m)</c> with <c>t = sum
/// x</c>.
/// It acts along dimension 1: on the rows of a matrix (N, n), and on the channels of maps (N, n, height, width).
/// </remarks>
internal static class Centering
{
    private static readonly long[] s_along = [1];

    /// <summary>factor A x, plus a bias of m numbers if there is one.</summary>
    public static Tensor Apply(Tensor x, FrameShape shape, FrameScale scale, Tensor? bias = null)
    {
        if (!IsRecorded(x, bias) && ByKernel(x, CenteringForms.Of(shape, scale), bias) is { } y)
            return y;
        y = ByOperations(x, shape, scale);
        return bias is null ? y : y.add_(x.dim() == 2 ? bias : bias.view(-1, 1, 1));
    }

    /// <summary>factor A^T y, plus a bias of n numbers if there is one.</summary>
    public static Tensor ApplyAdjoint(Tensor y, FrameShape shape, FrameScale scale, Tensor? bias = null)
    {
        if (!IsRecorded(y, bias) && ByKernel(y, CenteringForms.OfAdjoint(shape, scale), bias) is { } x)
            return x;
        x = AdjointByOperations(y, shape, scale);
        return bias is null ? x : x.add_(y.dim() == 2 ? bias : bias.view(-1, 1, 1));
    }

    /// <summary>Whether autograd records operations on these tensors: then only operations that it knows can be used.</summary>
    private static bool IsRecorded(Tensor x, Tensor? bias) => (x.requires_grad || bias is { requires_grad: true }) && is_grad_enabled();

    private static Tensor? ByKernel(Tensor x, in CenteringForm form, Tensor? bias)
    {
        if (!CenteringPass.Reaches(x))
            return null;
        if (CenteringPass.TryApply(x, form, bias) is { } y)
            return y;
        // Numbers that lie apart, such as every other pixel: a copy of them and the kernel are faster than operations on them.
        using var dense = x.contiguous();
        return CenteringPass.TryApply(dense, form, bias);
    }

    private static Tensor ByOperations(Tensor x, FrameShape shape, FrameScale scale)
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

    private static Tensor AdjointByOperations(Tensor y, FrameShape shape, FrameScale scale)
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
