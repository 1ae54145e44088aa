using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Measures the collapse of a layer's features, and of its weight where it is a classifier.</summary>
internal static class LayerMeasures
{
    /// <param name="layer">The layer; null where features are given by hand.</param>
    /// <param name="statistics">Of its features, at least of two classes.</param>
    /// <param name="head">What its weight is compared with, where it is a classifier; else null.</param>
    /// <param name="options">Which measures.</param>
    /// <param name="scores">Of the same features, in exact mode.</param>
    public static CollapseMetrics Of(
        nn.Module? layer, ClassStatistics statistics, HeadWeight? head, NccMonitorOptions options, NccScores? scores)
    {
        using var scope = NewDisposeScope();
        var weight = Classifier(layer, head, options);
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
        return weight is null
            ? result
            : builder.WithClassifier(result, head!.Input, PointSet.CenteredMeans(head.Input), weight, Bias(layer));
    }

    /// <summary>The weight of a layer that is a classifier with features of its own input, or null.</summary>
    private static Tensor? Classifier(nn.Module? layer, HeadWeight? head, NccMonitorOptions options)
    {
        if (head is null || (options.Metrics & (CollapseMetricSet.SelfDuality | CollapseMetricSet.Classifier)) == 0
            || Degeneracy.Of(head.Input) is not null)
            return null;
        return layer switch
        {
            Linear linear => linear.weight is { IsInvalid: false } own ? own.alias() : null,
            IWatchedLayer watched => watched.CreateDenseWeight(head.Outputs),
            _ => null,
        };
    }

    private static Tensor? Bias(nn.Module? layer) => layer switch
    {
        Linear linear => linear.bias?.alias(),
        IWatchedLayer watched => watched.CreateBias(),
        _ => null,
    };
}
