using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// NC1, <c>tr(Sw pinv(Sb)) / P</c>: the directions in which class means differ, and how much the samples of a class differ along them.
/// </summary>
/// <remarks>
/// With <c>Sb = V L V^T</c> the trace is the mean over samples of <c>|L^(-1/2) V^T (h - m_c)|^2</c>; eigenvalues at or below
/// <c>max * width * eps(float64)</c> are taken for zero. Where directions are few, deviations are projected on them, and no width x width
/// matrix is formed. Where they are nearly as many as features, such a matrix is no larger than the projection, and the upper half of the
/// covariance within classes takes fewer products.
/// </remarks>
internal sealed class PseudoInverseVariability : IDisposable
{
    private const double Epsilon = 2.220446049250313e-16;

    /// <summary>
    /// Eigenvalues of <c>C^T C</c> below this share of the greatest have lost digits: the singular values of C keep them.
    /// </summary>
    private const double LeastShare = 1e-5;

    /// <summary>Samples taken at a time: their deviations in float64 stay in the cache.</summary>
    private const int Block = 1024;

    /// <summary>Only the covariance's panels on and right of the diagonal are computed: with 4 panels, 5/8 of all products.</summary>
    private const int Panels = 4;

    private readonly Tensor _projection;
    private readonly Tensor _means;

    /// <summary>
    /// The covariance within classes, times the samples, on and right of its diagonal panels; null where deviations are projected.
    /// </summary>
    private readonly Tensor? _covariance;

    private readonly int[] _indexOf;
    private readonly int _present;
    private double _total;
    private long _count;

    private PseudoInverseVariability(Tensor projection, Tensor means, int[] indexOf, int present)
    {
        (_projection, _means, _indexOf, _present) = (projection.DetachFromDisposeScope(), means.DetachFromDisposeScope(), indexOf, present);
        var width = projection.shape[0];
        Rank = (int)projection.shape[1];
        if (Rank * 2L * Panels > width * (Panels + 1))
            _covariance = zeros(width, width, float64).DetachFromDisposeScope();
    }

    /// <summary>The number of directions in which the class means differ.</summary>
    public int Rank { get; }

    public double? Value => _count > 0 && Rank > 0 ? Total() / _count / _present : null;

    /// <summary>An object ready to take samples; null if the means of the present classes do not differ, or there is only one.</summary>
    public static PseudoInverseVariability? Create(ClassStatistics statistics)
    {
        var points = PointSet.CenteredMeans(statistics);
        if (points.Count < 2 || points.IsZero)
            return null;

        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var projection = Projection(points.ToTensor() / Math.Sqrt(points.Count));
        var indexOf = new int[statistics.ClassCount];
        Array.Fill(indexOf, -1);
        for (var i = 0; i < points.Count; i++)
            indexOf[points.Labels[i]] = i;
        return new PseudoInverseVariability(projection, Means(statistics, points.Labels), indexOf, points.Count);
    }

    /// <summary>Takes samples; those that are not finite, or whose class has no mean, are left out.</summary>
    /// <param name="features">Samples x width, on the CPU.</param>
    /// <param name="labels">One class per sample; negative for a sample without a label, which is left out.</param>
    public void Add(Tensor features, int[] labels)
    {
        using var outer = NewDisposeScope();
        using var noGrad = no_grad();
        var own = tensor(Array.ConvertAll(labels, label => (uint)label < (uint)_indexOf.Length ? (long)_indexOf[label] : -1));
        var samples = features.detach();
        for (var start = 0; start < labels.Length; start += Block)
        {
            using var scope = NewDisposeScope();
            var count = Math.Min(Block, labels.Length - start);
            var rows = own.narrow(0, start, count);
            // The deviation is computed before its projection, so that an offset, or a spread far below the means, costs no digits.
            var deviations = _means.index_select(0, rows.clamp_min(0)).sub_(samples.narrow(0, start, count));
            var points = _covariance is null ? deviations.mm(_projection) : deviations;
            var squares = points.square().sum([1L]);
            var taken = squares.isfinite().logical_and_(rows.ge(0));
            var all = taken.sum().item<long>();
            _count += all;
            if (_covariance is null)
                _total += (all == count ? squares : squares.masked_select(taken)).sum().item<double>();
            else
                AddToCovariance(all == count ? deviations : deviations.index_select(0, taken.nonzero().squeeze(1)));
        }
    }

    /// <summary>The value about the corrected means.</summary>
    public double? ValueOf(ClassStatistics statistics, MeanRefinement? refinement)
    {
        if (refinement is not { IsComplete: true } || _count == 0 || Rank == 0)
            return Value;
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var low = new double[_means.numel()];
        var counts = new double[_present];
        for (var c = 0; c < _indexOf.Length; c++)
            if (_indexOf[c] is var row and >= 0)
            {
                refinement.AddTo(c, low.AsSpan(row * statistics.Width, statistics.Width));
                counts[row] = statistics.Count(c);
            }

        var excess = HostTensor.Of(low, _present, statistics.Width).mm(_projection).square().sum([1L], keepdim: true)
            .mul(HostTensor.Of(counts, _present, 1)).sum().item<double>();
        return Math.Max(0, Total() - excess) / _count / _present;
    }

    /// <summary>Adds the samples of another object made from the same means.</summary>
    public void Merge(PseudoInverseVariability other)
    {
        using var noGrad = no_grad();
        _total += other._total;
        _count += other._count;
        _covariance?.add_(other._covariance!);
    }

    public void Dispose()
    {
        _projection.Dispose();
        _means.Dispose();
        _covariance?.Dispose();
    }

    /// <summary><c>V L^(-1/2)</c>, of the eigenvalues that are not zero.</summary>
    /// <param name="centered">C, where <c>Sb = C^T C</c>: classes x width.</param>
    private static Tensor Projection(Tensor centered)
    {
        var (classes, width) = (centered.shape[0], centered.shape[1]);
        if (classes > width)
        {
            // More classes than features: Sb itself is the smaller matrix.
            var (eigenvalues, vectors) = linalg.eigh(centered.t().mm(centered));
            var most = eigenvalues.max().item<double>();
            if (eigenvalues.min().item<double>() > most * LeastShare)
                return vectors / eigenvalues.sqrt();
        }

        var (_, singular, directions) = linalg.svd(centered, fullMatrices: false);
        var squares = singular.square();
        var rank = (squares > squares.max() * (width * Epsilon)).sum().item<long>();
        return directions.narrow(0, 0, rank).t() / singular.narrow(0, 0, rank);
    }

    /// <summary>The means of the named classes, classes x width.</summary>
    private static Tensor Means(ClassStatistics statistics, int[] classes)
    {
        var values = new double[checked(classes.Length * statistics.Width)];
        for (var i = 0; i < classes.Length; i++)
            statistics.Mean(classes[i]).CopyTo(values.AsSpan(i * statistics.Width));
        return HostTensor.Of(values, classes.Length, statistics.Width);
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

    /// <summary>The sum over samples: where there is a covariance, the trace of it times the pseudo-inverse.</summary>
    private double Total()
    {
        if (_covariance is null)
            return _total;
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var upper = _covariance.triu();
        var whole = upper + upper.triu(1).t();
        return (whole.mm(_projection) * _projection).sum().item<double>();
    }
}
