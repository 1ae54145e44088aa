namespace EtfNet;

/// <summary>
/// Corrections of the class means in float64: the mean deviation of a class's samples from its mean. At an offset of a million a mean is
/// off by 1e-10; with its correction added, differences of means are as exact as those of the samples.
/// </summary>
/// <param name="statistics">The statistics of the same samples.</param>
internal sealed class MeanRefinement(ClassStatistics statistics)
{
    private readonly double[]?[] _sums = new double[statistics.ClassCount][];
    private readonly double[] _center = new double[statistics.Width];
    private long _count;

    /// <summary>Whether every sample of the statistics was added: a part of them would bias the means.</summary>
    public bool IsComplete => _count == statistics.Total;

    /// <summary>Takes samples that the statistics know; those that are not finite are left out.</summary>
    public void Add(FeatureRows features, LabelGroups groups)
    {
        for (var g = 0; g < groups.Classes.Length; g++)
        {
            var c = groups.Classes[g];
            if (statistics.Count(c) == 0)
                continue;
            var sum = statistics.Sum(c);
            var count = statistics.Count(c);
            for (var i = 0; i < _center.Length; i++)
                _center[i] = sum[i] / count;
            Add(c, features, groups.Rows(g));
        }
    }

    /// <summary>Adds another refinement of the same statistics.</summary>
    public void Merge(MeanRefinement other)
    {
        for (var c = 0; c < _sums.Length; c++)
            if (other._sums[c] is { } sum)
                RowKernels.AddScaled(sum, 1, _sums[c] ??= new double[sum.Length]);
        _count += other._count;
    }

    /// <summary>Adds the correction of a class's mean to <paramref name="target"/>.</summary>
    public void AddTo(int c, Span<double> target)
    {
        if (_sums[c] is { } sum)
            RowKernels.AddScaled(sum, 1.0 / statistics.Count(c), target);
    }

    private void Add(int c, FeatureRows features, ReadOnlySpan<int> rows)
    {
        var total = _sums[c] ??= new double[_center.Length];
        var part = new double[_center.Length];
        if (!double.IsFinite(RowKernels.AddDeviations(features, rows, _center, part)))
        {
            part.AsSpan().Clear();
            var finite = features.Finite(rows);
            if (finite.Length > 0)
                RowKernels.AddDeviations(features, finite, _center, part);
            rows = finite;
        }

        RowKernels.AddScaled(part, 1, total);
        _count += rows.Length;
    }
}
