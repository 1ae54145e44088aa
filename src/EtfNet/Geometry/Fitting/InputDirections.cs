using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The leading directions of a sample: eigenvectors of its second moment.</summary>
internal static class InputDirections
{
    /// <summary>Energies below this share of the largest are rounding.</summary>
    private const double Tolerance = 1e-12;

    /// <summary>Up to this many dimensions, or where a fourth of them is asked for, all eigenvectors are computed.</summary>
    private const long SmallWidth = 512;

    /// <summary>Multiplications by the second moment: with twice the directions asked for, energies come out to well below 1% of
    /// themselves.</summary>
    private const int Iterations = 8;

    /// <summary>The least number of leading directions that hold a share of the energy.</summary>
    /// <param name="sample">N x d, float64, centered by the caller where that is wanted.</param>
    /// <param name="energy">The share, in (0, 1].</param>
    /// <param name="maxRank">The most directions.</param>
    /// <returns>d x r with orthonormal columns, of the current scope; r is 0 for a zero sample.</returns>
    public static Tensor Leading(Tensor sample, double energy, long maxRank)
    {
        using var scope = NewDisposeScope();
        var dimensions = Math.Min(sample.shape[0], sample.shape[1]);
        var block = 2 * maxRank + 16;
        var (energies, directions) = dimensions <= SmallWidth || 4 * block > dimensions ? All(sample) : First(sample, block);

        var wanted = energy * sample.square().sum().item<double>();
        var (rank, most) = (0L, Math.Min(maxRank, energies.Length));
        for (var held = 0.0; rank < most && energies[rank] > Tolerance * energies[0] && held < wanted; rank++)
            held += energies[rank];
        return directions.narrow(1, 0, rank).clone().MoveToOuterDisposeScope();
    }

    /// <summary>The class means of a sample, each as heavy as its class: their leading directions are those of the energy between
    /// classes.</summary>
    /// <param name="sample">N x d, float64.</param>
    /// <param name="labels">N, int64 or int32.</param>
    /// <returns>A row for each class, of the current scope.</returns>
    public static Tensor ClassMeans(Tensor sample, Tensor labels)
    {
        using var scope = NewDisposeScope();
        var members = nn.functional.one_hot(labels.to(ScalarType.Int64)).to(ScalarType.Float64);
        var counts = members.sum(0L).clamp(min: 1).sqrt().unsqueeze(1);
        return (members.t().mm(sample) / counts).MoveToOuterDisposeScope();
    }

    /// <summary>The same normal numbers each time, d x count, float64.</summary>
    public static Tensor Random(long dimensions, long count, Device device)
    {
        var random = new CounterRandom(0, 200);
        var values = new double[dimensions * count];
        for (var i = 0; i < values.Length; i++)
            values[i] = random.NextNormal();
        return HostTensor.Of(values, dimensions, count).to(device);
    }

    /// <summary>All of them, from the smaller of the two Gram matrices, which have the same eigenvalues.</summary>
    private static (double[] Energies, Tensor Directions) All(Tensor sample)
    {
        var few = sample.shape[0] < sample.shape[1];
        var (energies, vectors) = linalg.eigh(few ? sample.mm(sample.t()) : sample.t().mm(sample));
        var falling = vectors.flip(1L);
        return (Falling(energies), few ? linalg.qr(sample.t().mm(falling)).Q : falling);
    }

    /// <summary>A few of them, by subspace iteration from fixed random directions (Halko, Martinsson, Tropp, SIAM Review 53,
    /// 2011).</summary>
    private static (double[] Energies, Tensor Directions) First(Tensor sample, long count)
    {
        var basis = Random(sample.shape[1], count, sample.device);
        for (var i = 0; i < Iterations; i++)
            basis = linalg.qr(sample.t().mm(sample.mm(basis))).Q;
        var images = sample.mm(basis);
        var (energies, vectors) = linalg.eigh(images.t().mm(images));
        return (Falling(energies), basis.mm(vectors.flip(1L)));
    }

    private static double[] Falling(Tensor energies)
    {
        var values = NearestFrame.Values(energies.clamp(min: 0).unsqueeze(0));
        Array.Reverse(values);
        return values;
    }
}
