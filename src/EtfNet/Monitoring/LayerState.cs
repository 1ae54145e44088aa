namespace EtfNet;

/// <summary>What is known of one layer: this epoch's statistics and scores, and the centers of the epoch before.</summary>
internal sealed class LayerState(NccMonitorOptions options)
{
    private int _batches;
    private int _stride = options.ScoreEvery;

    public ClassStatistics? Current { get; set; }

    /// <summary>The statistics that <see cref="Lagged"/> were made of.</summary>
    public ClassStatistics? Previous { get; set; }

    public ClassCenters? Lagged { get; private set; }

    public long Scored { get; set; }

    public long Wrong { get; set; }

    public long NonFinite { get; set; }

    /// <summary>Samples whose nearest center was compared with the model's prediction, and how many differed.</summary>
    public long Compared { get; set; }

    public long Differing { get; set; }

    /// <summary>What went wrong with this layer's features in this epoch.</summary>
    public string? Problem { get; set; }

    /// <summary>Takes a batch in.</summary>
    /// <param name="features">The features.</param>
    /// <param name="groups">Their labels.</param>
    /// <param name="predictions">The model's predictions, or empty.</param>
    public void Add(FeatureRows features, LabelGroups groups, ReadOnlySpan<int> predictions)
    {
        Current ??= new ClassStatistics(features.Width, options.Metrics.HasFlag(CollapseMetricSet.Variability));
        if (_batches++ % _stride == 0 && Lagged is { } centers && centers.Width == features.Width)
            Score(features, groups.Labels, centers, predictions);
        NonFinite += Current.Add(features, groups);
    }

    /// <summary>Adds another worker's running epoch.</summary>
    public void Add(LayerState other)
    {
        if (other.Current is { } theirs)
        {
            if (Current is null)
                Current = theirs.Clone();
            else
                Current.Merge(theirs);
        }

        Scored += other.Scored;
        Wrong += other.Wrong;
        NonFinite += other.NonFinite;
        Compared += other.Compared;
        Differing += other.Differing;
        Problem ??= other.Problem;
    }

    /// <summary>Makes this epoch's statistics the next one's centers.</summary>
    public void EndEpoch()
    {
        if (Current is { Total: > 0 } finished)
        {
            (Current, Previous) = (Previous is { } old && old.Width == finished.Width ? old : null, finished);
            Current?.Reset();
            MakeCenters();
        }

        (Scored, Wrong, NonFinite, Compared, Differing, Problem, _batches) = (0, 0, 0, 0, 0, null, 0);
    }

    /// <summary>Makes the centers of <see cref="Previous"/>, and sets how many batches must be scored for the asked number of samples.</summary>
    public void MakeCenters()
    {
        Lagged = Previous is { Total: > 0 } previous ? ClassCenters.Create(previous) : null;
        var samples = Previous?.Total ?? 0;
        _stride = (int)Math.Clamp(options.MinimumScored == 0 ? options.ScoreEvery : samples / options.MinimumScored, 1, options.ScoreEvery);
    }

    private void Score(FeatureRows features, int[] labels, ClassCenters centers, ReadOnlySpan<int> predictions)
    {
        Span<int> nearest = predictions.IsEmpty ? default : new int[labels.Length];
        var score = NearestClassCenter.Score(features, labels, centers, nearest);
        Scored += score.Scored;
        Wrong += score.Wrong;
        for (var i = 0; i < nearest.Length; i++)
            if (nearest[i] >= 0)
            {
                Compared++;
                Differing += nearest[i] == predictions[i] ? 0 : 1;
            }
    }
}
