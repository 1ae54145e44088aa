namespace EtfNet;

/// <summary>The options of a scheduler's monitor.</summary>
internal static class MonitorChoice
{
    public static NccMonitorOptions For(AdaptiveEtfOptions options) => new()
    {
        ClassCount = options.ClassCount,
        FeaturePoint = options.FeaturePoint,
        Pooling = options.Pooling,
        Metrics = CollapseMetricSet.None,
        Exclude = options.Exclude,
        ScoreEvery = options.ScoreEvery,
        MinimumScored = options.MinimumScored,
        Seed = options.Seed,
        MaxPendingBytes = options.MaxPendingBytes,
        IgnoreIndex = options.IgnoreIndex,
        Logits = options.Logits,
        TokenMask = options.TokenMask,
        Deterministic = options.Deterministic,
        LeaveOneOut = options.LeaveOneOut,
        RequiresLayers = true,
    };
}
