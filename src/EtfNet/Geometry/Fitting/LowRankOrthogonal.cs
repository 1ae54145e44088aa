using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>An orthogonal matrix <c>R = I - P M P^T</c> of R^n that turns few directions: P n x k with orthonormal columns, M k x
/// k.</summary>
/// <remarks>
/// For orthonormal Q and Z with k columns, <c>R = I - W (W^T Q)^-1 W^T</c> with <c>W = Q - Z</c> is orthogonal and sends Q to Z: a block
/// reflection, of rank k
/// where the plane rotation that does the same has rank 2k. Written in the singular vectors of W, <c>M = (I/2 + K)^-1</c> with K skew
/// (Cayley's form), so R
/// stays orthogonal to rounding, and directions that Q and Z share drop out, however near or overlapping the spans are.
/// </remarks>
internal sealed record LowRankOrthogonal(Tensor P, Tensor M)
{
    /// <summary>Differences below this are rounding.</summary>
    private const double Tolerance = 1e-14;

    /// <summary>The rotation that sends <paramref name="from"/> to <paramref name="to"/>, both n x k with orthonormal columns,
    /// float64.</summary>
    public static LowRankOrthogonal Sending(Tensor from, Tensor to)
    {
        using var scope = NewDisposeScope();
        var (p, sigma, vh) = linalg.svd(from - to, fullMatrices: false);
        var kept = (sigma > Tolerance).sum().item<long>();
        p = p.narrow(1, 0, kept);
        sigma = sigma.narrow(0, 0, kept);
        // Y = P^T Q V / sigma has the symmetric part I/2. Each column j errs by eps / sigma_j, so of the two entries of a pair the one in
        // the column
        // of the larger sigma is taken (below the diagonal: sigma falls), and the other is its negative.
        var lower = (p.t().mm(from.mm(vh.narrow(0, 0, kept).t())) / sigma).tril(-1);
        var m = linalg.inv(eye(kept, dtype: ScalarType.Float64, device: from.device) / 2 + lower - lower.t());
        return new LowRankOrthogonal(p.MoveToOuterDisposeScope(), m.MoveToOuterDisposeScope());
    }
}
