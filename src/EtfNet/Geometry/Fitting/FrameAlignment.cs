using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The aligned frame: an orthogonal U of low-rank form with <c>U Q = polar(C W Q L)</c> on the leading input directions
/// Q.</summary>
/// <param name="Left">K x (k+1), float64.</param>
/// <param name="Right">d x (k+1), float64; the frame with points of norm 1 is <c>norm (J - Left Right^T)</c>, last columns the
/// centering.</param>
/// <param name="Inputs">d x k, Q: the input directions that are kept.</param>
/// <param name="Outputs">K x k, Z: where the frame sends them, up to <see cref="FrameShape.Norm"/>.</param>
internal sealed record FrameAlignment(Tensor Left, Tensor Right, Tensor Inputs, Tensor Outputs)
{
    /// <summary>Singular values below this share of the largest carry no direction.</summary>
    private const double Tolerance = 1e-10;

    /// <summary>Aligns a frame with a linear map seen through input directions.</summary>
    /// <param name="directions">Q, d x r with orthonormal columns; for a column frame orthogonal to 1.</param>
    /// <param name="images">W Q L, K x r: where the map sends them, weighted by their energy; float64.</param>
    /// <param name="shape">Of the frame.</param>
    /// <returns>Null if no singular value is left.</returns>
    public static FrameAlignment? Align(Tensor directions, Tensor images, FrameShape shape)
    {
        using var scope = NewDisposeScope();
        var centered = shape.IsColumnFrame ? images : images - images.mean([0], keepdim: true);
        var (a, sigma, bt) = linalg.svd(centered, fullMatrices: false);
        // Centering leaves at most K - 1 directions; any further ones are rounding.
        var cap = Math.Min(shape.Points - 1, sigma.shape[0]);
        var largest = sigma[0].item<double>();
        var floor = Math.Max(largest, images.norm().item<double>() * 1e-3) * Tolerance;
        var kept = Math.Min(cap, (sigma > floor).sum().item<long>());
        if (kept == 0)
            return null;

        var outputs = a.narrow(1, 0, kept);
        var inputs = directions.mm(bt.narrow(0, 0, kept).t());
        // R sends Q to the lifted Z; for a column frame W^T is the row frame, whose rotation sends Z to the lifted Q.
        var (from, to) = shape.IsColumnFrame ? (outputs, Lift(inputs, shape)) : (inputs, Lift(outputs, shape));
        var rotation = LowRankOrthogonal.Sending(from, to);

        var (mean, sum) = CenteringColumns(shape, images.device);
        var turned = ApplyCentering(rotation.P, shape).mm(rotation.M);
        var points = cat([turned, mean], 1);
        var space = cat([rotation.P, sum], 1);
        var (left, right) = shape.IsColumnFrame ? (space, points) : (points, space);
        return new FrameAlignment(left.MoveToOuterDisposeScope(), right.MoveToOuterDisposeScope(), inputs.MoveToOuterDisposeScope(),
            outputs.MoveToOuterDisposeScope());
    }

    /// <summary>The rank of the rotation.</summary>
    public int Rank => (int)(Left.shape[1] - 1);

    /// <summary>The realized frame.</summary>
    public SimplexEtf ToEtf(FrameShape shape, double scale)
    {
        using var scope = NewDisposeScope();
        var header = new SimplexEtfHeader(EtfFrameKind.Aligned, shape, 0, scale, Rank);
        var padding = (0L, (long)header.FactorWidth - Left.shape[1]);
        return new SimplexEtf(header, new Dictionary<string, double[]>
        {
            [SimplexEtfHeader.Left] = NearestFrame.Values(nn.functional.pad(Left, padding)),
            [SimplexEtfHeader.Right] = NearestFrame.Values(nn.functional.pad(Right, padding)),
        });
    }

    /// <summary>A^T Z: m-dimensional vectors orthogonal to 1, in R^n.</summary>
    private static Tensor Lift(Tensor vectors, FrameShape shape) => shape.Points == shape.Space + 1
        ? Complement.Project(vectors)
        : nn.functional.pad(vectors, (0, 0, 0, shape.Space - shape.Points));

    /// <summary>A P, without the norm.</summary>
    private static Tensor ApplyCentering(Tensor vectors, FrameShape shape)
    {
        if (shape.Points == shape.Space + 1)
            return Complement.Lift(vectors);
        var part = vectors.narrow(0, 0, shape.Points);
        return part - part.mean([0], keepdim: true);
    }

    /// <summary>A x = J x - mean (sum^T x): the last columns of the two factors, balanced so that the product with x is a mean.</summary>
    private static (Tensor Mean, Tensor Sum) CenteringColumns(FrameShape shape, Device device)
    {
        var (m, n) = (shape.Points, shape.Space);
        if (m == n + 1)
        {
            var root = Math.Sqrt(m);
            var mean = full([m, 1], n / (m + root), dtype: ScalarType.Float64, device: device);
            mean[m - 1, 0] = n / root;
            return (mean, full([n, 1], 1.0 / n, dtype: ScalarType.Float64, device: device));
        }

        var sum = zeros([n, 1], dtype: ScalarType.Float64, device: device);
        sum.narrow(0, 0, m).fill_(1.0 / m);
        return (ones([m, 1], dtype: ScalarType.Float64, device: device), sum);
    }
}
