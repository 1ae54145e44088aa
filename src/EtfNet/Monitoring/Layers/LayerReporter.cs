using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Turns what is known of a layer into its entry of a report.</summary>
internal static class LayerReporter
{
    public static LayerCollapse Online(string name, LayerTap? tap, LayerState state, ClassStatistics? before, NccMonitorOptions options) =>
        Describe(name, tap, state.Current, before, options) with
        {
            NccError = state.Scored > 0 ? (double)state.Wrong / state.Scored : null,
            Interval = state.Scored > 0 ? Wilson.Interval(state.Wrong, state.Scored) : null,
            Samples = state.Scored,
            NonFinite = state.NonFinite,
            Nc4Mismatch = state.Compared > 0 ? (double)state.Differing / state.Compared : null,
            Reason = Reason(tap, state),
        };

    /// <summary>What statistics alone tell.</summary>
    public static LayerCollapse Describe(string name, LayerTap? tap, ClassStatistics? statistics, ClassStatistics? before, NccMonitorOptions options)
    {
        var entry = new LayerCollapse { Name = name, FeaturePoint = tap?.Point ?? "given by hand" };
        if (statistics is null || statistics.Total == 0)
            return entry;

        var present = CollapseMetrics.Present(statistics).Length;
        var metrics = present <= options.PairwiseClassLimit ? CollapseMetrics.Create(statistics, options.Metrics) : new CollapseMetrics();
        return entry with
        {
            Observed = statistics.Total,
            Width = statistics.Width,
            PresentClasses = present,
            Equinorm = metrics.Equinorm,
            Equiangularity = metrics.Equiangularity,
            GramDeviation = metrics.GramDeviation,
            Cdnv = metrics.Cdnv,
            TraceQuotient = metrics.TraceQuotient,
            SelfDuality = options.Metrics.HasFlag(CollapseMetricSet.SelfDuality) ? SelfDuality(tap, before, options.ClassCount ?? before?.ClassCount ?? 0) : null,
        };
    }

    public static string NeverFired(LayerTap tap) => tap.HasHook
        ? "its hook never fired: the model does not use it, calls it by forward() instead of call(), or runs it inside a native composite; use call(), or hand its features to Observe(layer, features, labels)"
        : "modules of its kind have no forward hooks: hand its features to Observe(layer, features, labels)";

    public static string LeftOut(long samples) => $"left out: {Words.Count(samples, "sample")} with NaN or infinite features";

    private static double? SelfDuality(LayerTap? tap, ClassStatistics? before, int classCount)
    {
        if (tap is null || before is null)
            return null;
        using var scope = NewDisposeScope();
        var weight = tap.Layer switch
        {
            Linear linear => linear.weight.alias(),
            IWatchedLayer layer => layer.CreateDenseWeight(classCount),
            _ => null,
        };
        // A row a class: a hidden layer that only happens to be wide enough has no classes in its rows.
        return weight is not null && weight.shape[0] == classCount ? CollapseMetrics.SelfDuality(before, weight) : null;
    }

    private static string? Reason(LayerTap? tap, LayerState state)
    {
        if (state.Problem is not null)
            return state.Problem;
        if (state.NonFinite > 0)
            return LeftOut(state.NonFinite);
        if (state.Scored > 0)
            return null;
        if (state.Current is null or { Total: 0 })
            return tap is { HasFired: false } ? NeverFired(tap) : "no labeled forward in this epoch";
        return state.Lagged is null
            ? "the first epoch has no centers of an epoch before to be scored against"
            : "no sample has been scored yet, or none within the range of float32 distances";
    }
}
