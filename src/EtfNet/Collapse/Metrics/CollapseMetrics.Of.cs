using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

public sealed partial record CollapseMetrics
{
    /// <summary>Measures features in one call: class means first, then every sample against them.</summary>
    /// <param name="features">Samples x width, of a floating type. Samples with a NaN or infinite feature are left out and counted.</param>
    /// <param name="labels">Class indices, int64 or int32, one per sample.</param>
    /// <param name="weight">The classifier's weight, classes x width, for NC3 and the geometry of its rows; or null.</param>
    /// <param name="bias">The classifier's bias, one number per class; or null for none.</param>
    /// <param name="logits">Samples x classes, for NC4; or null for those that weight and bias give.</param>
    /// <param name="options">Which measures, by which conventions. The default is all of them.</param>
    /// <returns>
    /// The measures. Everything is computed on the CPU in float64 (scoring in float32 where that decides), whichever devices the tensors
    /// are on.
    /// </returns>
    /// <exception cref="ArgumentNullException"><paramref name="features"/> or <paramref name="labels"/> is null.</exception>
    /// <exception cref="ArgumentException">
    /// A tensor is not of the right shape or of a floating type, the labels are not class indices, one per sample, weight or bias hold NaN
    /// or an infinity, or weight and logits have different numbers of classes.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A label is negative, or not below the class count (of the options, the weight or the logits).
    /// </exception>
    /// <example>
    /// <code>
    /// using var features = randn(100, 16);
    /// using var labels = arange(100).remainder(4);
    /// var metrics = CollapseMetrics.Of(features, labels);
    /// Console.WriteLine($"NCC error {metrics.NccError:0.000}, 95% interval {metrics.NccInterval}");
    /// </code>
    /// </example>
    public static CollapseMetrics Of(
        Tensor features, Tensor labels, Tensor? weight = null, Tensor? bias = null, Tensor? logits = null,
        CollapseMetricsOptions? options = null)
    {
        options ??= new CollapseMetricsOptions();
        FeatureInput.Check(features, nameof(features));
        FeatureInput.CheckRows(labels, nameof(labels), features.shape[0]);
        FeatureInput.CheckClassifier(weight, bias, features.shape[1]);
        if (logits is not null)
            FeatureInput.CheckLogits(logits, features.shape[0]);
        var groups = LabelGroups.Create(LabelReader.Read(labels, ClassifierInput.ClassCount(options, weight, logits)));

        using var converted = FeatureRows.Convert(features);
        var rows = converted ?? features;
        var statistics = new ClassStatistics((int)features.shape[1], options.Metrics.HasFlag(CollapseMetricSet.Variability));
        var left = statistics.Add(FeatureRows.View(rows), groups);
        using var scores = statistics.Total == 0 ? null : new NccScores(statistics, options.LeaveOneOut, options.Metrics);
        scores?.Add(rows, groups, ClassifierInput.Predictions(rows, weight, bias, logits, options));
        return MetricsBuilder.Build(statistics, scores, weight, bias, options) with { NonFinite = left };
    }

    /// <summary>Measures features that come in batches, in two passes: class means first, then every sample against them.</summary>
    /// <param name="batches">
    /// Features and labels as in the other overload. Enumerated twice; both times it must give the same samples, in any order.
    /// </param>
    /// <param name="weight">The classifier's weight, classes x width; or null.</param>
    /// <param name="bias">The classifier's bias; or null.</param>
    /// <param name="options">Which measures, by which conventions. The default is all of them.</param>
    /// <returns>
    /// The measures, those of one call on all features up to rounding in float64. Logits are those that weight and bias give.
    /// </returns>
    /// <exception cref="ArgumentNullException"><paramref name="batches"/> is null.</exception>
    /// <exception cref="ArgumentException">
    /// There is no batch, or a tensor is not what the other overload requires, or the widths differ.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is negative, or not below the class count.</exception>
    /// <exception cref="InvalidOperationException">The second pass did not give as many samples as the first.</exception>
    public static CollapseMetrics Of(
        IEnumerable<(Tensor Features, Tensor Labels)> batches, Tensor? weight = null, Tensor? bias = null,
        CollapseMetricsOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(batches);
        options ??= new CollapseMetricsOptions();
        ClassStatistics? statistics = null;
        var left = 0L;
        Each((features, groups) =>
        {
            statistics ??= new ClassStatistics((int)features.shape[1], options.Metrics.HasFlag(CollapseMetricSet.Variability));
            left += statistics.Add(FeatureRows.View(features), groups);
        });
        if (statistics is null)
            throw new ArgumentException("There is no batch to measure (or the sequence can be enumerated only once).", nameof(batches));

        using var scores = statistics.Total == 0 ? null : new NccScores(statistics, options.LeaveOneOut, options.Metrics);
        if (scores is not null)
            Each((features, groups) => scores.Add(features, groups, ClassifierInput.Predictions(features, weight, bias, null, options)));
        if (scores is not null && (scores.Samples, scores.NonFinite) != (statistics.Total, left))
            throw new InvalidOperationException(
                $"The first pass gave {Words.Count(statistics.Total, "sample")} and the second {scores.Samples}: "
                + "the batches must give the same whenever they are enumerated.");
        return MetricsBuilder.Build(statistics, scores, weight, bias, options) with { NonFinite = left };

        void Each(Action<Tensor, LabelGroups> take)
        {
            foreach (var (features, labels) in batches)
            {
                FeatureInput.Check(features, nameof(batches), statistics?.Width);
                FeatureInput.CheckRows(labels, nameof(batches), features.shape[0]);
                FeatureInput.CheckClassifier(weight, bias, features.shape[1]);
                var groups = LabelGroups.Create(LabelReader.Read(labels, ClassifierInput.ClassCount(options, weight, null)));
                using var converted = FeatureRows.Convert(features);
                take(converted ?? features, groups);
            }
        }
    }

    /// <summary>
    /// Measures finished statistics, which may be merged from several batches, epochs or processes, and scores against them if these are
    /// given.
    /// </summary>
    /// <param name="statistics">The statistics.</param>
    /// <param name="scores">
    /// The scores of <see cref="NccScores.Within"/> or <see cref="NccScores.Against"/>, for the error, NC1 and NC4; or null.
    /// </param>
    /// <param name="weight">The classifier's weight, classes x width; or null.</param>
    /// <param name="bias">The classifier's bias; or null.</param>
    /// <param name="options">Which measures, by which conventions. The default is all of them.</param>
    /// <exception cref="ArgumentNullException"><paramref name="statistics"/> is null.</exception>
    /// <exception cref="ArgumentException">
    /// Weight or bias have another shape, are not of a floating type, or hold NaN or an infinity.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">The statistics have a class that the weight has no row for.</exception>
    public static CollapseMetrics Of(
        ClassStatistics statistics, NccScores? scores = null, Tensor? weight = null, Tensor? bias = null,
        CollapseMetricsOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        options ??= new CollapseMetricsOptions();
        FeatureInput.CheckClassifier(weight, bias, statistics.Width);
        if (weight is not null && PointSet.Present(statistics) is [.., var last] && last >= weight.shape[0])
            throw new ArgumentOutOfRangeException(
                nameof(weight), last, $"The statistics have class {last}; the weight has rows for {weight.shape[0]} classes.");
        return MetricsBuilder.Build(statistics, scores, weight, bias, options);
    }

    /// <summary>The class-distance normalized variance of every pair, <c>(V_a + V_c) / (2 |m_a - m_c|^(2 exponent))</c>.</summary>
    /// <param name="statistics">Statistics with the within-class scatter.</param>
    /// <param name="exponent">The power of the squared distance, positive and finite. The default is 1.</param>
    /// <returns>The grid over the present classes; infinite for two classes with the same mean.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="statistics"/> is null.</exception>
    /// <exception cref="ArgumentException">The statistics do not keep the scatter.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="exponent"/> is not positive and finite.</exception>
    public static PairGrid CdnvGrid(ClassStatistics statistics, double exponent = 1)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        if (!statistics.TracksScatter)
            throw new ArgumentException("The statistics do not keep the scatter: create them with tracksScatter.", nameof(statistics));
        if (!(exponent > 0 && double.IsFinite(exponent)))
            throw new ArgumentOutOfRangeException(nameof(exponent), exponent, "Must be positive and finite.");
        var means = PointSet.CenteredMeans(statistics);
        var variances = VariabilityMeasurement.Variances(statistics, means);
        return new PairGrid(means.Labels, Normalized);

        double Normalized(int a, int c) =>
            VariabilityMeasurement.Normalized(variances[a] + variances[c], means.SquaredDistance(a, c), means, exponent);
    }
}
