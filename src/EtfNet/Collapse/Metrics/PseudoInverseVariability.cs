using static TorchSharp.torch;

namespace EtfNet;

/// <summary>NC1, <c>tr(Sw pinv(Sb)) / P</c>, without a width x width matrix: samples are projected on the few directions in which class means differ.</summary>
/// <remarks>
/// With <c>C / sqrt(P) = A S V^T</c>, Sb is <c>V S^2 V^T</c>, and the trace is the mean over samples of <c>|S^-1 V^T (h - m_c)|^2</c>. Eigenvalues S^2 at or below
/// <c>max * width * eps(float64)</c> are taken for zero.
/// </remarks>
internal sealed class PseudoInverseVariability : IDisposable
{
    private const double Epsilon = 2.220446049250313e-16;

    private readonly Tensor _projection;
    private readonly Tensor _means;
    private readonly int[] _indexOf;
    private readonly int _present;
    private double _total;
    private long _count;

    private PseudoInverseVariability(Tensor projection, Tensor means, int[] indexOf, int present, int rank)
    {
        (_projection, _means, _indexOf, _present, Rank) = (projection, means, indexOf, present, rank);
    }

    public int Rank { get; }

    public double? Value => _count > 0 && Rank > 0 ? _total / _count / _present : null;

    /// <summary>Ready to take samples; null with fewer than two present classes.</summary>
    public static PseudoInverseVariability? Create(ClassStatistics statistics)
    {
        var classes = CollapseMetrics.Present(statistics);
        if (classes.Length < 2)
            return null;

        using var scope = NewDisposeScope();
        var centered = CollapseMetrics.CenteredMeans(statistics, classes);
        var (_, singular, directions) = linalg.svd(centered / Math.Sqrt(classes.Length), fullMatrices: false);
        var eigenvalues = singular.square();
        var rank = (int)(eigenvalues > eigenvalues.max() * (statistics.Width * Epsilon)).sum().item<long>();
        var projection = directions.narrow(0, 0, rank).t() / singular.narrow(0, 0, rank);

        var means = stack([.. classes.Select(c => tensor(statistics.Mean(c), float64))]);
        var indexOf = new int[statistics.ClassCount];
        for (var i = 0; i < classes.Length; i++)
            indexOf[classes[i]] = i;
        return new PseudoInverseVariability(projection.DetachFromDisposeScope(), means.mm(projection).DetachFromDisposeScope(), indexOf, classes.Length, rank);
    }

    /// <summary>Takes samples whose classes all have a mean; those not finite are left out.</summary>
    /// <param name="features">Samples x width, on the CPU.</param>
    /// <param name="labels">A class a sample.</param>
    public void Add(Tensor features, int[] labels)
    {
        using var scope = NewDisposeScope();
        var own = _means.index_select(0, tensor(labels.Select(label => (long)_indexOf[label]).ToArray()));
        var squares = (features.to(float64).mm(_projection) - own).square().sum([1L]);
        var finite = squares.isfinite();
        _total += squares.masked_select(finite).sum().item<double>();
        _count += finite.sum().item<long>();
    }

    public void Dispose()
    {
        _projection.Dispose();
        _means.Dispose();
    }
}
