using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Turns what is known of a layer into its entry of a report.</summary>
internal static class LayerReporter
{
    public static LayerCollapse Online(string name, LayerTap? tap, LayerState state, ClassStatistics? before, NccMonitorOptions options)
    {
        var entry = Describe(name, tap, state.Current, before, options) with
        {
            NccError = state.Scored > 0 ? (double)state.Wrong / state.Scored : null,
            Interval = state.Scored > 0 ? Wilson.Interval(state.Wrong, state.Scored) : null,
            Samples = state.Scored,
            NonFinite = state.NonFinite,
            Nc4Mismatch = state.Compared > 0 ? (double)state.Differing / state.Compared : null,
            Reason = Reason(tap, state),
        };
        return entry.Measures is not { } measures ? entry : entry with
        {
            Measures = measures with
            {
                NccError = entry.NccError,
                NccInterval = entry.Interval,
                Scored = entry.Samples,
                NonFinite = entry.NonFinite,
                Nc4Mismatch = entry.Nc4Mismatch,
            },
        };
    }

    /// <summary>What statistics tell, and in exact mode scores.</summary>
    public static LayerCollapse Describe(
        string name, LayerTap? tap, ClassStatistics? statistics, ClassStatistics? before, NccMonitorOptions options,
        NccScores? scores = null)
    {
        var entry = new LayerCollapse { Name = name, FeaturePoint = tap?.Point ?? "given by hand" };
        if (statistics is null || statistics.Total == 0)
            return entry;

        entry = entry with { Observed = statistics.Total, Width = statistics.Width, PresentClasses = PointSet.Present(statistics).Length };
        if ((options.Metrics & ~CollapseMetricSet.Agreement) == 0)
            return entry;
        var measures = Measure(tap, statistics, before, options, scores);
        return entry with
        {
            Equinorm = measures.Means.Equinorm,
            Equiangularity = measures.Means.Equiangularity,
            GramDeviation = measures.Means.GramDeviation,
            Cdnv = measures.Cdnv,
            TraceQuotient = measures.TraceQuotient,
            SelfDuality = measures.Duality?.SelfDuality,
            Measures = measures,
        };
    }

    public static string NeverFired(LayerTap tap) => tap.HasHook
        ? "its hook never fired: the model does not use it, calls it by forward() instead of call(), or runs it inside a native composite; use call(), or hand its features to Observe(layer, features, labels)"
        : "modules of its kind have no forward hooks: hand its features to Observe(layer, features, labels)";

    public static string LeftOut(long samples) => $"left out: {Words.Count(samples, "sample")} with NaN or infinite features";

    private static CollapseMetrics Measure(
        LayerTap? tap, ClassStatistics statistics, ClassStatistics? before, NccMonitorOptions options, NccScores? scores)
    {
        using var scope = NewDisposeScope();
        var weight = Classifier(tap, before, options);
        // What a layer without a classifier's weight cannot have is not missing there.
        var builder = new MetricsBuilder(new CollapseMetricsOptions
        {
            Metrics = weight is null ? options.Metrics & ~(CollapseMetricSet.SelfDuality | CollapseMetricSet.Classifier) : options.Metrics,
            PairwiseClassLimit = options.PairwiseClassLimit,
        });
        var result = builder.OfFeatures(statistics, PointSet.CenteredMeans(statistics, scores?.Refinement));
        result = scores is null
            ? builder.WithoutSamples(result, "it needs the samples once more, as Evaluate has them")
            : builder.WithScores(result, statistics, scores);
        return weight is null ? result : builder.WithClassifier(result, before!, PointSet.CenteredMeans(before!), weight, Bias(tap));
    }

    /// <summary>The weight of a layer that has a row for each class and takes the features before it, or null.</summary>
    private static Tensor? Classifier(LayerTap? tap, ClassStatistics? before, NccMonitorOptions options)
    {
        if (tap is null || before is null || (options.Metrics & (CollapseMetricSet.SelfDuality | CollapseMetricSet.Classifier)) == 0)
            return null;
        var classCount = options.ClassCount ?? before.ClassCount;
        var weight = tap.Layer switch
        {
            Linear linear => linear.weight.alias(),
            IWatchedLayer layer => layer.CreateDenseWeight(classCount),
            _ => null,
        };
        // A row a class: a hidden layer that only happens to be wide enough has no classes in its rows.
        return weight is not null && weight.shape[0] == classCount && weight.shape[1] == before.Width ? weight : null;
    }

    private static Tensor? Bias(LayerTap? tap) => tap?.Layer switch
    {
        Linear linear => linear.bias?.alias(),
        IWatchedLayer layer => layer.CreateBias(),
        _ => null,
    };

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
