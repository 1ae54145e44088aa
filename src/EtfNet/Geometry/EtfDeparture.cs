using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>How far a matrix is from a simplex ETF of K points; each number is 0 for one.</summary>
/// <param name="Norms">Population standard deviation over mean of the norms of the points.</param>
/// <param name="Cosines">The largest |cos + 1/(K-1)| over pairs of points; NaN if a point is zero.</param>
/// <param name="Tightness">Frobenius norm of <c>G/|G| - (I - 11^T/K)/sqrt(K-1)</c>, G the Gram matrix; NaN for a zero matrix.</param>
public readonly record struct EtfDeparture(double Norms, double Cosines, double Tightness)
{
    internal static EtfDeparture Of(Tensor matrix, bool columns)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var points = (columns ? matrix.t() : matrix).detach().to(ScalarType.Float64);
        var count = points.shape[0];
        if (count < 2)
            throw new ArgumentException($"A simplex ETF has at least 2 points; {matrix.shape[0]} x {matrix.shape[1]} has {count}.",
                nameof(matrix));

        var gram = points.mm(points.t());
        var norms = gram.diagonal().sqrt();
        var mean = norms.mean();
        var spread = (norms - mean).square().mean().sqrt() / mean;
        var cosines = gram / norms.outer(norms) + 1.0 / (count - 1);
        var target = (eye(count, dtype: ScalarType.Float64, device: matrix.device) - 1.0 / count) / Math.Sqrt(count - 1);
        var tightness = (gram / gram.norm() - target).norm();
        cosines.diagonal().fill_(0);
        return new EtfDeparture(spread.item<double>(), cosines.abs().max().item<double>(), tightness.item<double>());
    }
}
