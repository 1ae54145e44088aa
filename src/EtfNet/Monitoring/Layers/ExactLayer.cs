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
            Problem = $"its features have {features.shape[0]} rows where a batch has {groups.Count} labels";
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

        _variability?.Add(converted ?? features, groups.Labels);
    }

    public LayerCollapse Report(string name, LayerTap tap, ClassStatistics? before) => LayerReporter.Describe(name, tap, Statistics, before, options) with
    {
        NccError = NccError,
        Interval = _score.Scored > 0 ? Wilson.Interval(_score.Wrong, _score.Scored) : null,
        Samples = _score.Scored,
        NonFinite = _nonFinite,
        Nc1 = _variability?.Value,
        Nc1Rank = _variability?.Rank,
        Nc4Mismatch = _compared > 0 ? (double)_differing / _compared : null,
        Reason = Problem
            ?? (_nonFinite > 0 ? LayerReporter.LeftOut(_nonFinite)
                : Statistics is null ? LayerReporter.NeverFired(tap)
                : null),
    };

    public void Dispose() => _variability?.Dispose();
}
