using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// NC1, <c>tr(Sw pinv(Sb)) / P</c>, without a width x width matrix: samples are projected on the few directions in which class means
/// differ.
/// </summary>
/// <remarks>
/// With <c>C / sqrt(P) = A S V^T</c>, Sb is <c>V S^2 V^T</c>, and the trace is the mean over samples of <c>|S^-1 V^T (h - m_c)|^2</c>.
/// Eigenvalues S^2 at or below <c>max * width * eps(float64)</c> are taken for zero.
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

    private PseudoInverseVariability(Tensor projection, Tensor means, int[] indexOf, int present)
    {
        (_projection, _means, _indexOf, _present) = (projection, means, indexOf, present);
        Rank = (int)projection.shape[1];
    }

    /// <summary>The number of directions in which the class means differ.</summary>
    public int Rank { get; }

    public double? Value => _count > 0 && Rank > 0 ? _total / _count / _present : null;

    /// <summary>Ready to take samples; null where the means of the present classes do not differ, or there is but one.</summary>
    public static PseudoInverseVariability? Create(ClassStatistics statistics)
    {
        var points = PointSet.CenteredMeans(statistics);
        if (points.Count < 2 || points.IsZero)
            return null;

        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (_, singular, directions) = linalg.svd(points.ToTensor() / Math.Sqrt(points.Count), fullMatrices: false);
        var eigenvalues = singular.square();
        var rank = (int)(eigenvalues > eigenvalues.max() * (statistics.Width * Epsilon)).sum().item<long>();
        var projection = directions.narrow(0, 0, rank).t() / singular.narrow(0, 0, rank);

        var means = stack([.. points.Labels.Select(c => tensor(statistics.Mean(c)))]);
        var indexOf = new int[statistics.ClassCount];
        Array.Fill(indexOf, -1);
        for (var i = 0; i < points.Count; i++)
            indexOf[points.Labels[i]] = i;
        return new PseudoInverseVariability(projection.DetachFromDisposeScope(), means.DetachFromDisposeScope(), indexOf, points.Count);
    }

    /// <summary>Takes samples; those that are not finite, or whose class has no mean, are left out.</summary>
    /// <param name="features">Samples x width, on the CPU.</param>
    /// <param name="labels">A class a sample; negative for a sample without a label, which is left out.</param>
    public void Add(Tensor features, int[] labels)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var own = tensor(Array.ConvertAll(labels, label => (uint)label < (uint)_indexOf.Length ? (long)_indexOf[label] : -1));
        // The deviation first and its projection then: an offset, or a spread far below the means, costs no digits.
        var deviations = _means.index_select(0, own.clamp_min(0)).sub_(features.detach());
        var squares = deviations.mm(_projection).square().sum([1L]);
        var taken = squares.isfinite().logical_and(own.ge(0));
        _total += squares.masked_select(taken).sum().item<double>();
        _count += taken.sum().item<long>();
    }

    /// <summary>The value about the means as they are with what they are short of.</summary>
    public double? ValueOf(ClassStatistics statistics, MeanRefinement? refinement)
    {
        if (refinement is not { IsComplete: true } || Value is null)
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

        var excess = tensor(low, [_present, statistics.Width]).mm(_projection).square().sum([1L]).dot(tensor(counts)).item<double>();
        return Math.Max(0, _total - excess) / _count / _present;
    }

    /// <summary>Adds what another one took, made of the same means.</summary>
    public void Merge(PseudoInverseVariability other)
    {
        _total += other._total;
        _count += other._count;
    }

    public void Dispose()
    {
        _projection.Dispose();
        _means.Dispose();
    }
}
