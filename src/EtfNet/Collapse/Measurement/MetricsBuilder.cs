using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Puts the measures together, with the reasons of those that have no number.</summary>
internal sealed class MetricsBuilder(CollapseMetricsOptions options)
{
    private readonly MissingMeasures _missing = new();

    /// <summary>Measures features and the classifier that reads these very features.</summary>
    public static CollapseMetrics Build(
        ClassStatistics statistics, NccScores? scores, Tensor? weight, Tensor? bias, CollapseMetricsOptions options)
    {
        var builder = new MetricsBuilder(options);
        var means = PointSet.CenteredMeans(statistics, scores?.Refinement);
        var result = builder.WithScores(builder.OfFeatures(statistics, means), statistics, scores);
        return builder.WithClassifier(result, statistics, means, weight, bias);
    }

    /// <summary>What the statistics alone tell.</summary>
    public CollapseMetrics OfFeatures(ClassStatistics statistics, PointSet points)
    {
        var result = new CollapseMetrics
        {
            Observed = statistics.Total,
            Width = statistics.Width,
            PresentClasses = points.Count,
            Means = new FrameMetrics { Points = points.Count },
            Missing = _missing,
        };
        if (points.Count < 2)
        {
            _missing.Add(
                TooFew(points.Count),
                [
                    .. Names(CollapseMetricSet.Means, MeasureNames.Shape),
                    .. Names(CollapseMetricSet.Variability, MeasureNames.Variability),
                    .. Names(CollapseMetricSet.Uniformity, MeasureNames.Uniformity), .. Names(CollapseMetricSet.Rank, MeasureNames.Rank),
                ]);
            return result;
        }

        var frame = new FrameMeasurement(points, "class means", "", options, _missing);
        var geometry = frame.Measure(Has(CollapseMetricSet.Means), Has(CollapseMetricSet.Uniformity), Has(CollapseMetricSet.Rank));
        result = result with { Means = geometry };
        if (!Has(CollapseMetricSet.Variability))
            return result;
        var (quotient, share, cdnv) = VariabilityMeasurement.Measure(statistics, points, options, _missing);
        return result with { TraceQuotient = quotient, WithinShare = share, Cdnv = cdnv };
    }

    /// <summary>Adds what only the samples themselves tell.</summary>
    public CollapseMetrics WithScores(CollapseMetrics result, ClassStatistics statistics, NccScores? scores)
    {
        if (scores is null)
        {
            var reason = statistics.Total == 0 ? "there is no sample" : "it needs the samples once more: pass scores, or features";
            _missing.Add(reason, [.. Names(CollapseMetricSet.Agreement, "nc4Mismatch"), "nccError"]);
            return WithoutSamples(result, reason);
        }

        result = result with
        {
            NccError = scores.Error,
            NccInterval = scores.Interval,
            Scored = scores.Samples,
            NonFinite = scores.NonFinite,
            ClassErrors = Has(CollapseMetricSet.ClassErrors) ? scores.ClassErrors : null,
            Nc1 = Has(CollapseMetricSet.PseudoInverse) ? scores.Nc1 : null,
            Nc1Rank = Has(CollapseMetricSet.PseudoInverse) ? scores.Nc1Rank : null,
            Nc4Mismatch = Has(CollapseMetricSet.Agreement) ? scores.Nc4Mismatch : null,
        };
        if (scores.Error is null)
            _missing.Add("no sample was scored", "nccError");
        if (result.Nc1 is null)
            _missing.Add(
                result.PresentClasses < 2 ? TooFew(result.PresentClasses)
                : scores.Nc1Rank is null ? "all class means are the same"
                : "no sample was scored",
                [.. Names(CollapseMetricSet.PseudoInverse, "nc1")]);
        if (result.Nc4Mismatch is null)
            _missing.Add(
                "there are no finite logits, and no weight to compute them from", [.. Names(CollapseMetricSet.Agreement, "nc4Mismatch")]);
        return result;
    }

    /// <summary>Says of the measures that need each sample a second time why they are missing.</summary>
    public CollapseMetrics WithoutSamples(CollapseMetrics result, string reason)
    {
        _missing.Add(reason, [.. Names(CollapseMetricSet.PseudoInverse, "nc1"), .. Names(CollapseMetricSet.ClassErrors, "classErrors")]);
        return result;
    }

    /// <summary>Adds the measures of a classifier, and of how it agrees with the class means of its input.</summary>
    public CollapseMetrics WithClassifier(CollapseMetrics result, ClassStatistics inputs, PointSet means, Tensor? weight, Tensor? bias)
    {
        string[] shape =
        [
            .. Names(CollapseMetricSet.Classifier, MeasureNames.Shape),
            .. Has(CollapseMetricSet.Classifier) ? Names(CollapseMetricSet.Uniformity, MeasureNames.Uniformity) : [],
            .. Has(CollapseMetricSet.Classifier) ? Names(CollapseMetricSet.Rank, MeasureNames.Rank) : [],
        ];
        shape = Array.ConvertAll(shape, MeasureNames.OfClassifier);
        string[] duality =
        [
            .. Names(CollapseMetricSet.SelfDuality, MeasureNames.SelfDuality),
            .. Names(CollapseMetricSet.Classifier, MeasureNames.Structure),
        ];
        if (shape.Length + duality.Length == 0)
            return result;
        if (weight is null)
        {
            _missing.Add("no weight was given", [.. shape, .. duality]);
            return result;
        }

        var rows = PointSet.Rows(weight);
        if (Has(CollapseMetricSet.Classifier))
            result = result with { Classifier = Rows(rows, shape) };
        if (means.Count > 0)
            return result with { Duality = DualityMeasurement.Measure(inputs, means, rows, bias, options, _missing) };
        _missing.Add(TooFew(0), duality);
        return result with { Duality = new DualityMetrics() };
    }

    private FrameMetrics Rows(PointSet rows, string[] names)
    {
        if (rows.Count >= 2)
            return new FrameMeasurement(rows, "classifier rows", "classifier", options, _missing)
                .Measure(shape: true, Has(CollapseMetricSet.Uniformity), Has(CollapseMetricSet.Rank));
        _missing.Add("the classifier has one row; wanted at least 2", names);
        return new FrameMetrics { Points = rows.Count };
    }

    public static string TooFew(int present) =>
        present == 0 ? "there is no sample" : "1 class has samples; wanted at least 2";

    private bool Has(CollapseMetricSet metrics) => options.Metrics.HasFlag(metrics);

    private string[] Names(CollapseMetricSet metrics, params string[] names) => Has(metrics) ? names : [];
}
