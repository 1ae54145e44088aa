using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The leading directions of a sample: eigenvectors of its second moment.</summary>
internal static class InputDirections
{
    /// <summary>Energies below this share of the largest are rounding.</summary>
    private const double Tolerance = 1e-12;

    /// <summary>The least number of leading directions that hold a share of the energy.</summary>
    /// <param name="sample">N x d, float64, centered by the caller where that is wanted.</param>
    /// <param name="energy">The share, in (0, 1].</param>
    /// <param name="maxRank">The most directions.</param>
    /// <returns>d x r with orthonormal columns, of the current scope; r is 0 for a zero sample.</returns>
    public static Tensor Leading(Tensor sample, double energy, long maxRank)
    {
        using var scope = NewDisposeScope();
        var (count, width) = (sample.shape[0], sample.shape[1]);
        var few = count < width;
        // The smaller of the two Gram matrices has the same eigenvalues.
        var (values, vectors) = linalg.eigh(few ? sample.mm(sample.t()) : sample.t().mm(sample));
        var energies = NearestFrame.Values(values.clamp(min: 0).unsqueeze(0));
        Array.Reverse(energies);

        var total = energies.Sum();
        long rank = 0;
        for (double held = 0; rank < Math.Min(maxRank, energies.Length) && energies[rank] > Tolerance * energies[0]; rank++)
        {
            if (held >= energy * total)
                break;
            held += energies[rank];
        }

        var leading = vectors.narrow(1, vectors.shape[1] - rank, rank).flip(1L);
        return (few && rank > 0 ? linalg.qr(sample.t().mm(leading)).Q : leading).MoveToOuterDisposeScope();
    }
}
