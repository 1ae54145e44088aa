using static TorchSharp.torch;

namespace EtfNet;

/// <summary>One layer in an exact evaluation: statistics in the first pass, scores in the second.</summary>
internal sealed class ExactLayer(NccMonitorOptions options) : IDisposable
{
    private NccScores? _scores;
    private long _nonFinite;

    public ClassStatistics? Statistics { get; private set; }

    public string? Problem { get; private set; }

    public double? NccError => _scores?.Error;

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
        _scores = new NccScores(statistics, options.LeaveOneOut, options.Metrics);
    }

    public void Score(Tensor features, LabelGroups groups, ReadOnlySpan<int> predictions)
    {
        if (_scores is not { } scores || features.shape[0] != groups.Count || features.shape[1] != Statistics!.Width)
            return;

        using var converted = FeatureRows.Convert(features);
        scores.Add(converted ?? features, groups, predictions);
    }

    public LayerCollapse Report(string name, LayerTap tap, ClassStatistics? before) => LayerReporter.Describe(
        name, tap, Statistics, before, options, _scores) with
    {
        NccError = NccError,
        Interval = _scores?.Interval,
        Samples = _scores?.Samples ?? 0,
        NonFinite = _nonFinite,
        Nc1 = _scores?.Nc1,
        Nc1Rank = _scores?.Nc1Rank,
        Nc4Mismatch = _scores?.Nc4Mismatch,
        Reason = Problem
            ?? (_nonFinite > 0 ? LayerReporter.LeftOut(_nonFinite)
                : Statistics is null ? LayerReporter.NeverFired(tap)
                : null),
    };

    public void Dispose() => _scores?.Dispose();
}
