using static TorchSharp.torch;

namespace EtfNet;

/// <summary>One layer in an exact evaluation: statistics in the first pass, scores in the second.</summary>
internal sealed class ExactLayer(NccMonitorOptions options) : IDisposable
{
    private ClassCenters? _centers;
    private PseudoInverseVariability? _variability;
    private NccScore _score;
    private long _compared;
    private long _differing;
    private long _nonFinite;

    public ClassStatistics? Statistics { get; private set; }

    public string? Problem { get; private set; }

    public double? NccError => _score.Scored > 0 ? (double)_score.Wrong / _score.Scored : null;

    public void AddToMeans(Tensor features, LabelGroups groups)
    {
        if (features.shape[0] != groups.Count)
            Problem = $"its features have {features.shape[0]} rows where a batch has {Words.Count(groups.Count, "label")}";
        else if (Statistics is { } known && known.Width != features.shape[1])
            Problem = $"its features changed their width from {known.Width} to {features.shape[1]}";
        if (Problem is not null)
            return;

        using var converted = FeatureRows.Convert(features);
        Statistics ??= new ClassStatistics((int)features.shape[1], options.Metrics.HasFlag(CollapseMetricSet.Variability));
        _nonFinite += Statistics.Add(FeatureRows.View(converted ?? features), groups);
    }

    public void EndMeans()
    {
        if (Statistics is not { Total: > 0 } statistics || Problem is not null)
            return;
        _centers = ClassCenters.Create(statistics, options.LeaveOneOut);
        if (options.Metrics.HasFlag(CollapseMetricSet.PseudoInverse) && _centers.Classes.Length <= options.PairwiseClassLimit)
            _variability = PseudoInverseVariability.Create(statistics);
    }

    public void Score(Tensor features, LabelGroups groups, ReadOnlySpan<int> predictions)
    {
        if (_centers is not { } centers || features.shape[0] != groups.Count || features.shape[1] != centers.Width)
            return;

        using var converted = FeatureRows.Convert(features);
        var nearest = predictions.IsEmpty ? null : new int[groups.Count];
        var score = NearestClassCenter.Score(FeatureRows.View(converted ?? features), groups.Labels, centers, nearest, options.LeaveOneOut ? Statistics : null);
        _score = new NccScore(_score.Scored + score.Scored, _score.Wrong + score.Wrong, _score.Rescored + score.Rescored);
        for (var i = 0; i < nearest?.Length; i++)
            if (nearest[i] >= 0)
            {
                _compared++;
                _differing += nearest[i] == predictions[i] ? 0 : 1;
            }

        if (_variability is null)
            return;
        if (groups.Labeled == groups.Count)
        {
            _variability.Add(converted ?? features, groups.Labels);
            return;
        }

        using var rows = tensor(Enumerable.Range(0, groups.Count).Where(row => groups.Labels[row] >= 0).Select(row => (long)row).ToArray());
        using var labeled = (converted ?? features).index_select(0, rows);
        _variability.Add(labeled, [.. groups.Labels.Where(label => label >= 0)]);
    }

    public LayerCollapse Report(string name, IFeatureSource source, HeadWeight? head)
    {
        var nothing = Problem is null && Statistics is { Total: > 0 } statistics ? Degeneracy.Of(statistics) : null;
        return LayerReporter.Describe(name, source, Statistics, head, options) with
        {
            NccError = nothing is null ? NccError : null,
            Interval = nothing is null && _score.Scored > 0 ? Wilson.Interval(_score.Wrong, _score.Scored) : null,
            Samples = _score.Scored,
            NonFinite = _nonFinite,
            WithinRounding = _score.Rescored,
            Nc1 = nothing is null ? _variability?.Value : null,
            Nc1Rank = nothing is null ? _variability?.Rank : null,
            Nc4Mismatch = nothing is null && _compared > 0 ? (double)_differing / _compared : null,
            Reason = Problem ?? nothing ?? (_nonFinite > 0 ? LayerReporter.LeftOut(_nonFinite) : Statistics is null ? source.Silence : null),
        };
    }

    public void Dispose() => _variability?.Dispose();
}
