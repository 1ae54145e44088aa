using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>NC1, <c>tr(Sw pinv(Sb)) / P</c>: the directions in which class means differ, and how much the samples of a class differ along them.</summary>
/// <remarks>
/// With <c>Sb = V L V^T</c> the trace is the mean over samples of <c>|L^(-1/2) V^T (h - m_c)|^2</c>; eigenvalues at or below
/// <c>max * width * eps(float64)</c> are taken for zero. Where directions are few, samples are projected on them and no width x width matrix is formed;
/// where they are nearly as many as features, such a matrix is no larger than the projection, and half of the within-class covariance is fewer products.
/// </remarks>
internal sealed class PseudoInverseVariability : IDisposable
{
    private const double Epsilon = 2.220446049250313e-16;

    /// <summary>Samples taken at a time: their copies in float64 stay in the cache.</summary>
    private const int Block = 1024;

    /// <summary>Of the covariance, panels on and right of the diagonal are computed: 5/8 of all products for 4.</summary>
    private const int Panels = 4;

    private readonly Tensor _projection;
    private readonly Tensor? _covariance;

    /// <summary>Of the classes: as they are, or projected.</summary>
    private readonly Tensor _means;

    private readonly int[] _indexOf;
    private readonly int _present;
    private double _total;
    private long _count;

    private PseudoInverseVariability(Tensor projection, Tensor means, int[] indexOf, int present)
    {
        (_projection, _indexOf, _present) = (projection.DetachFromDisposeScope(), indexOf, present);
        var width = projection.shape[0];
        if (Rank * 2L * Panels > width * (Panels + 1))
            _covariance = zeros(width, width, float64).DetachFromDisposeScope();
        _means = (_covariance is null ? means.mm(projection) : means).DetachFromDisposeScope();
    }

    public int Rank => (int)_projection.shape[1];

    public double? Value => _count > 0 && Rank > 0 ? (_covariance is null ? _total : Trace()) / _count / _present : null;

    /// <summary>Ready to take samples; null with fewer than two present classes.</summary>
    public static PseudoInverseVariability? Create(ClassStatistics statistics)
    {
        var classes = CollapseMetrics.Present(statistics);
        if (classes.Length < 2)
            return null;

        using var scope = NewDisposeScope();
        var centered = CollapseMetrics.CenteredMeans(statistics, classes);
        var projection = Projection(centered / Math.Sqrt(classes.Length));
        var indexOf = new int[statistics.ClassCount];
        for (var i = 0; i < classes.Length; i++)
            indexOf[classes[i]] = i;
        return new PseudoInverseVariability(projection, CollapseMetrics.Means(statistics, classes), indexOf, classes.Length);
    }

    /// <summary>Takes samples whose classes all have a mean; those not finite are left out.</summary>
    /// <param name="features">Samples x width, on the CPU.</param>
    /// <param name="labels">A class a sample.</param>
    public void Add(Tensor features, int[] labels)
    {
        for (var start = 0; start < labels.Length; start += Block)
        {
            using var scope = NewDisposeScope();
            var count = Math.Min(Block, labels.Length - start);
            var own = _means.index_select(0, tensor(Array.ConvertAll(labels[start..(start + count)], label => (long)_indexOf[label])));
            var samples = features.narrow(0, start, count).to(float64);
            var deviations = (_covariance is null ? samples.mm(_projection) : samples) - own;
            var squares = _covariance is null ? deviations.square().sum([1L]) : deviations.sum([1L]);
            var finite = squares.isfinite();
            var taken = finite.sum().item<long>();
            _count += taken;
            if (_covariance is null)
                _total += (taken == count ? squares : squares.masked_select(finite)).sum().item<double>();
            else
                AddToCovariance(taken == count ? deviations : deviations.index_select(0, finite.nonzero().squeeze(1)));
        }
    }

    public void Dispose()
    {
        _projection.Dispose();
        _means.Dispose();
        _covariance?.Dispose();
    }

    /// <summary><c>V L^(-1/2)</c>, of the eigenvalues that are no zeros.</summary>
    /// <param name="centered">C, where <c>Sb = C^T C</c>: classes x width.</param>
    private static Tensor Projection(Tensor centered)
    {
        var (classes, width) = (centered.shape[0], centered.shape[1]);
        Tensor directions, roots;
        if (classes > width)
        {
            // More classes than features: Sb itself is the smaller matrix.
            var (eigenvalues, vectors) = linalg.eigh(centered.t().mm(centered));
            (directions, roots) = (vectors, eigenvalues.clamp_min(0).sqrt());
        }
        else
        {
            var (_, singular, transposed) = linalg.svd(centered, fullMatrices: false);
            (directions, roots) = (transposed.t(), singular);
        }

        var squares = roots.square();
        var kept = (squares > squares.max() * (width * Epsilon)).nonzero().squeeze(1);
        return directions.index_select(1, kept) / roots.index_select(0, kept);
    }

    private void AddToCovariance(Tensor deviations)
    {
        var width = deviations.shape[1];
        for (var panel = 0; panel < Panels; panel++)
        {
            var (begin, end) = (width * panel / Panels, width * (panel + 1) / Panels);
            if (begin < end)
                _covariance!.narrow(0, begin, end - begin).narrow(1, begin, width - begin)
                    .addmm_(deviations.narrow(1, begin, end - begin).t(), deviations.narrow(1, begin, width - begin));
        }
    }

    /// <summary>The trace of the covariance times the pseudo-inverse.</summary>
    private double Trace()
    {
        using var scope = NewDisposeScope();
        var upper = _covariance!.triu();
        var whole = upper + upper.triu(1).t();
        return (whole.mm(_projection) * _projection).sum().item<double>();
    }
}
