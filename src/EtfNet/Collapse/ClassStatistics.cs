using TorchSharp;

namespace EtfNet;

/// <summary>Streaming count, sum and within-class scatter of each class's features, in float64.</summary>
/// <remarks>
/// <para>The scatter of a class is the scalar sum of <c>|h - m_c|^2</c> over its samples, <c>m_c</c> its mean. Only sums are stored, never
/// means of means, and states merge exactly (Chan, Golub, LeVeque 1983): the merged state is the same, up to float64 rounding, however the
/// data is split over batches, epochs or processes.</para>
/// <para>Memory is <c>O(classes x width)</c>, and only for classes that have a sample. Use one thread at a time.</para>
/// </remarks>
public sealed partial class ClassStatistics
{
    private Scratch[] _scratch = [];
    private double[]?[] _sums = [];
    private long[] _counts = [];
    private double[] _scatter = [];

    /// <summary>Creates an empty state.</summary>
    /// <param name="width">The number of features of a sample, at least 1.</param>
    /// <param name="tracksScatter">Whether the within-class scatter is kept as well; without it a batch takes about half the time.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="width"/> is below 1.</exception>
    public ClassStatistics(int width, bool tracksScatter = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        Width = width;
        TracksScatter = tracksScatter;
    }

    /// <summary>Gets the number of features of a sample.</summary>
    [State(MergeRule.Same, AtLeast = 1)]
    public int Width { get; private set; }

    /// <summary>Gets whether the within-class scatter is kept.</summary>
    [State(MergeRule.Same)]
    public bool TracksScatter { get; private set; }

    /// <summary>Gets one more than the highest class seen: classes <c>0 .. ClassCount - 1</c> can be queried. It grows with the
    /// labels.</summary>
    public int ClassCount { get; private set; }

    /// <summary>Gets the number of samples.</summary>
    public long Total { get; private set; }

    /// <summary>Gets the number of samples of a class; 0 for a class that was never seen.</summary>
    /// <param name="classIndex">The class, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="classIndex"/> is negative.</exception>
    public long Count(int classIndex)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(classIndex);
        return classIndex < ClassCount ? _counts[classIndex] : 0;
    }

    /// <summary>The within-class scatter of a class, the sum of <c>|h - m_c|^2</c>; NaN if it is not tracked.</summary>
    /// <param name="classIndex">The class, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="classIndex"/> is negative.</exception>
    public double Scatter(int classIndex)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(classIndex);
        return !TracksScatter ? double.NaN : classIndex < ClassCount ? _scatter[classIndex] : 0;
    }

    /// <summary>The sum of the features of a class, of length <see cref="Width"/>; empty for a class without samples. Valid until the state
    /// changes.</summary>
    /// <param name="classIndex">The class, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="classIndex"/> is negative.</exception>
    public ReadOnlySpan<double> Sum(int classIndex) => Count(classIndex) == 0 ? [] : _sums[classIndex];

    /// <summary>The mean feature of a class as a new array; empty for a class without samples.</summary>
    /// <param name="classIndex">The class, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="classIndex"/> is negative.</exception>
    public double[] Mean(int classIndex)
    {
        var mean = Sum(classIndex).ToArray();
        for (var i = 0; i < mean.Length; i++)
            mean[i] /= _counts[classIndex];
        return mean;
    }

    /// <summary>Adds a batch. Samples with a NaN or infinite feature, or with a squared norm beyond float64, are left out.</summary>
    /// <param name="features">Samples x <see cref="Width"/>, of a floating type, on any device.</param>
    /// <param name="labels">Class indices, int64 or int32, one per sample, on any device.</param>
    /// <returns>The number of samples left out.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">The features are not a matrix of <see cref="Width"/> columns, or the labels are not class
    /// indices, one per sample.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is negative, or above 1,048,575.</exception>
    public long Add(torch.Tensor features, torch.Tensor labels)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (features.dim() != 2 || features.shape[1] != Width)
            throw new ArgumentException($"The features have shape ({string.Join(", ", features.shape)}); wanted (samples, {Width}).",
                nameof(features));
        var groups = LabelGroups.Create(LabelReader.Read(labels, classCount: null));
        if (groups.Count != features.shape[0])
            throw new ArgumentException($"{Words.Count(groups.Count, "label")} came with {Words.Count(features.shape[0], "sample")}.",
                nameof(labels));

        using var converted = FeatureRows.Convert(features);
        return Add(FeatureRows.View(converted ?? features), groups);
    }

    /// <summary>Adds another state, which is not changed.</summary>
    /// <param name="other">A state of the same width and kind.</param>
    /// <exception cref="ArgumentNullException"><paramref name="other"/> is null.</exception>
    /// <exception cref="ArgumentException">The widths differ, or one tracks the scatter and the other does not.</exception>
    public void Merge(ClassStatistics other)
    {
        ArgumentNullException.ThrowIfNull(other);
        DeclaredState.Merge(this, other, nameof(other));
    }

    /// <summary>Clears all samples; memory is kept for later samples.</summary>
    public void Reset()
    {
        foreach (var sum in _sums)
            sum?.AsSpan().Clear();
        _counts.AsSpan().Clear();
        _scatter.AsSpan().Clear();
        Total = 0;
        ClassCount = 0;
    }

    /// <summary>A copy that shares nothing with this state.</summary>
    public ClassStatistics Clone()
    {
        var copy = new ClassStatistics(Width, TracksScatter);
        copy.Merge(this);
        return copy;
    }

    /// <summary>Adds a batch whose shapes and labels are known to be right; gives the number of samples left out.</summary>
    /// <remarks>A class's samples are added by one thread and in order: the number of threads changes no digit.</remarks>
    internal long Add(FeatureRows features, LabelGroups groups)
    {
        Grow(groups.MaxLabel + 1);
        var parts = RowThreads.Parts(features);
        var added = parts == 1
            ? AddGroups(features, groups, 0, groups.Classes.Length, KeptScratch(1)[0])
            : AddInParts(features, groups, groups.Cut(parts));
        Total += added;
        return groups.Labeled - added;
    }

    /// <summary>Adds a class's samples known by their count, sum and scatter.</summary>
    internal void AddClass(int classIndex, long count, ReadOnlySpan<double> sum, double scatter)
    {
        Grow(classIndex + 1);
        MergeClass(classIndex, count, sum, scatter);
    }

    private long AddInParts(FeatureRows features, LabelGroups groups, int[] cuts)
    {
        var source = features.Source!;
        var added = new long[cuts.Length - 1];
        // In a training step new memory for each part would take as long as the sums.
        var kept = RowThreads.AreMany(features) ? null : KeptScratch(added.Length);
        TorchThreads.For(added.Length, part => added[part] = AddGroups(
            FeatureRows.View(source), groups, cuts[part], cuts[part + 1], kept?[part] ?? new Scratch(Width)));
        return added.Sum();
    }

    private Scratch[] KeptScratch(int parts)
    {
        while (_scratch.Length < parts)
            _scratch = [.. _scratch, new Scratch(Width)];
        return _scratch;
    }

    /// <summary>Adds a run of groups; gives the number of samples added.</summary>
    private long AddGroups(FeatureRows features, LabelGroups groups, int start, int end, Scratch scratch)
    {
        var added = 0L;
        for (var g = start; g < end; g++)
        {
            var rows = groups.Rows(g);
            if (!TryAdd(groups.Classes[g], features, rows, scratch))
            {
                rows = features.Finite(rows);
                if (rows.IsEmpty || !TryAdd(groups.Classes[g], features, rows, scratch))
                    continue;
            }

            added += rows.Length;
        }

        return added;
    }

    /// <summary>Adds rows of one class, or nothing where one of them is not finite.</summary>
    private bool TryAdd(int c, FeatureRows features, ReadOnlySpan<int> rows, Scratch scratch)
    {
        var batchSum = scratch.BatchSum;
        var sum = _sums[c] ??= new double[Width];
        var count = _counts[c];
        if (!TracksScatter)
        {
            RowKernels.AddRows(features, rows, sum, batchSum);
            if (!RowKernels.IsFinite(batchSum))
                return false;
            (_sums[c], scratch.BatchSum) = (batchSum, sum);
        }
        else
        {
            // Deviations from the mean so far (or, at first, from a sample) keep their digits whatever the offset of the features.
            batchSum.AsSpan().Clear();
            var center = scratch.Center.AsSpan();
            if (count == 0)
                features.CopyRow(rows[0], center);
            else
                RowKernels.Scale(sum, 1.0 / count, center);

            var squares = RowKernels.AddDeviations(features, rows, center, batchSum);
            if (!double.IsFinite(squares))
                return false;
            _scatter[c] += Math.Max(0, squares - RowKernels.SquaredNorm(batchSum) / (count + rows.Length));
            RowKernels.AddScaled(batchSum, 1, sum);
            RowKernels.AddScaled(center, rows.Length, sum);
        }

        _counts[c] += rows.Length;
        return true;
    }

    private void MergeClass(int c, long count, ReadOnlySpan<double> otherSum, double scatter)
    {
        var sum = _sums[c] ??= new double[Width];
        if (TracksScatter)
        {
            var between = 0.0;
            if (_counts[c] > 0)
                for (var i = 0; i < sum.Length; i++)
                {
                    var difference = sum[i] / _counts[c] - otherSum[i] / count;
                    between += difference * difference;
                }

            _scatter[c] += scatter + between * ((double)_counts[c] * count / (_counts[c] + count));
        }

        RowKernels.AddScaled(otherSum, 1, sum);
        _counts[c] += count;
        Total += count;
    }

    private void Grow(int classCount)
    {
        if (classCount > _counts.Length)
        {
            var capacity = Math.Max(classCount, Math.Min(2 * _counts.Length, LabelReader.MaxClassCount));
            Array.Resize(ref _sums, capacity);
            Array.Resize(ref _counts, capacity);
            Array.Resize(ref _scatter, capacity);
        }

        ClassCount = Math.Max(ClassCount, classCount);
    }

    /// <summary>What a thread needs of its own.</summary>
    private sealed class Scratch(int width)
    {
        public double[] BatchSum { get; set; } = new double[width];

        public double[] Center => field ??= new double[width];
    }
}
