using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>What a measurement takes from a classifier's weight, bias and logits.</summary>
internal static class ClassifierInput
{
    /// <summary>The number of classes, as far as options, weight or logits tell it.</summary>
    /// <exception cref="ArgumentException">Weight and logits have different numbers of classes.</exception>
    public static int? ClassCount(CollapseMetricsOptions options, Tensor? weight, Tensor? logits)
    {
        var (rows, columns) = ((int?)weight?.shape[0], (int?)logits?.shape[1]);
        if (rows is not null && columns is not null && rows != columns)
            throw new ArgumentException($"The weight has rows for {rows} classes and the logits columns for {columns}.", nameof(logits));
        return (rows ?? columns) is { } known ? Math.Min(known, options.ClassCount ?? known) : options.ClassCount;
    }

    /// <summary>The class that the logits predict for each sample, those of weight and bias where no others are given; empty where there
    /// are none, or none are asked for.</summary>
    public static int[] Predictions(Tensor features, Tensor? weight, Tensor? bias, Tensor? logits, CollapseMetricsOptions options)
    {
        if (!options.Metrics.HasFlag(CollapseMetricSet.Agreement))
            return [];
        if (logits is not null || weight is null)
            return logits is null ? [] : FeatureInput.Predictions(logits);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var made = features.detach().to(float64).mm(weight.detach().cpu().to(float64).t());
        return FeatureInput.Predictions(bias is null ? made : made.add_(bias.detach().cpu().to(float64)));
    }
}
