using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The frame nearest a matrix.</summary>
internal static class NearestFrame
{
    /// <summary>The nearest frame, scale included.</summary>
    /// <returns>Null if the matrix is zero once centered.</returns>
    public static SimplexEtf? To(Tensor matrix, FrameShape shape)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (unit, overlap) = Polar(matrix, shape);
        // <M, E> = s <M, E_1> and |E|^2 = s^2 m for norm-1 points: the best s.
        var scale = overlap / shape.Points;
        return scale > 0 && double.IsFinite(scale) ? From(unit, shape, scale) : null;
    }

    /// <summary>The frame with points of norm 1 that maximizes the inner product with a matrix, and that product.</summary>
    /// <returns>K x d in the matrix's dtype from float32 up, of the current scope; the product is c times the sum of the singular
    /// values.</returns>
    public static (Tensor Unit, double Overlap) Polar(Tensor matrix, FrameShape shape)
    {
        using var scope = NewDisposeScope();
        var wide = matrix.detach();
        wide = wide.dtype == ScalarType.Float64 ? wide : wide.to(ScalarType.Float32);
        var points = shape.IsColumnFrame ? wide.t() : wide;
        // In coordinates of an orthonormal basis of the complement of 1 every polar factor has full rank, so the rows of the frame sum to
        // zero
        // whatever the rank of the matrix.
        var (a, sigma, b) = linalg.svd(Complement.Project(points), fullMatrices: false);
        var unit = Complement.Lift(a.mm(b)).mul_(shape.Norm);
        var overlap = sigma.to(ScalarType.Float64).sum().item<double>() * shape.Norm;
        return ((shape.IsColumnFrame ? unit.t() : unit).MoveToOuterDisposeScope(), overlap);
    }

    /// <summary>A frame of kind Nearest from its matrix with points of norm 1.</summary>
    public static SimplexEtf From(Tensor unit, FrameShape shape, double scale) => new(
        new SimplexEtfHeader(EtfFrameKind.Nearest, shape, 0, scale, 0),
        new Dictionary<string, double[]> { [SimplexEtfHeader.Matrix] = Values(unit) });

    /// <summary>The numbers of a matrix, row by row.</summary>
    public static double[] Values(Tensor matrix)
    {
        using var scope = NewDisposeScope();
        return matrix.to(ScalarType.Float64, CPU).contiguous().data<double>().ToArray();
    }
}
