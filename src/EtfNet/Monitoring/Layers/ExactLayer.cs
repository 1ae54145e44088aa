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
            Problem = $"its features have {features.shape[0]} rows where a batch has {Words.Count(groups.Count, "label")}";
        else if (Statistics is { } known && known.Width != features.shape[1])
            Problem = $"the width of its features changed from {known.Width} to {features.shape[1]}";
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

    public LayerCollapse Report(string name, IFeatureSource source, HeadWeight? head)
    {
        var nothing = Problem is null && Statistics is { Total: > 0 } statistics ? Degeneracy.Of(statistics) : null;
        var entry = LayerReporter.Describe(name, source, Statistics, head, options, _scores) with
        {
            Samples = _scores?.Samples ?? 0,
            NonFinite = _nonFinite,
            WithinRounding = _scores?.Rescored ?? 0,
            Reason = Problem ?? nothing
                ?? (_nonFinite > 0 ? LayerReporter.LeftOut(_nonFinite) : Statistics is null ? source.Silence : null),
        };
        return nothing is not null || _scores is not { } scores ? entry : entry with
        {
            NccError = scores.Error,
            Interval = scores.Interval,
            Nc1 = scores.Nc1,
            Nc1Rank = scores.Nc1Rank,
            Nc4Mismatch = scores.Nc4Mismatch,
        };
    }

    public void Dispose() => _scores?.Dispose();
}
