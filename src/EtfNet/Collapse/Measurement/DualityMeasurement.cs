using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Compares a classifier with the class means of its input (NC3).</summary>
internal static class DualityMeasurement
{
    private static readonly string[] s_rows = ["rowCosine", "rowCosineDeviation", "rowDistance", "rowProductDeviation"];

    /// <param name="statistics">Statistics of the classifier's input.</param>
    /// <param name="means">Their centered means, at least one.</param>
    /// <param name="classifier">The classifier's rows, one for each class of the means at least.</param>
    /// <param name="bias">Its bias, or null.</param>
    /// <param name="options">Which measures.</param>
    /// <param name="missing">Takes the reasons.</param>
    public static DualityMetrics Measure(
        ClassStatistics statistics, PointSet means, PointSet classifier, Tensor? bias, CollapseMetricsOptions options,
        MissingMeasures missing)
    {
        var dual = options.Metrics.HasFlag(CollapseMetricSet.SelfDuality);
        var structure = options.Metrics.HasFlag(CollapseMetricSet.Classifier);
        var rows = classifier.Select(means.Labels);
        var result = new DualityMetrics();
        if (structure)
            result = result with { GlobalMeanLogit = GlobalMeanLogit(statistics, means, classifier, bias) };
        if (Flat(means, rows) is { } flat)
        {
            missing.Add(flat, [.. dual ? ["selfDuality", .. s_rows] : (string[])[], .. structure ? ["structureError"] : (string[])[]]);
            return result;
        }

        if (dual)
            result = WithRows(result with { SelfDuality = SelfDuality(means, rows) }, means, rows, missing);
        return structure ? result with { StructureError = StructureError(means, rows, options, missing) } : result;
    }

    /// <summary><c>|W/|W| - C/|C||</c>; null where one of them is zero.</summary>
    public static double? SelfDuality(PointSet means, PointSet rows)
    {
        if (Flat(means, rows) is not null)
            return null;
        var (one, other, total) = (1 / Math.Sqrt(rows.Squares.Sum()), 1 / Math.Sqrt(means.Squares.Sum()), 0.0);
        for (var i = 0; i < means.Values.Length; i++)
        {
            var difference = rows.Values[i] * one - means.Values[i] * other;
            total += difference * difference;
        }

        return Math.Sqrt(total);
    }

    /// <summary>The same of statistics and a weight; null also where a row is missing, or the width is another.</summary>
    public static double? SelfDuality(ClassStatistics statistics, Tensor weight)
    {
        var means = PointSet.CenteredMeans(statistics);
        return means.Count < 2 || means.Labels[^1] >= weight.shape[0] || weight.shape[1] != statistics.Width
            ? null
            : SelfDuality(means, PointSet.Rows(weight).Select(means.Labels));
    }

    private static string? Flat(PointSet means, PointSet rows) =>
        means.Count < 2 ? MetricsBuilder.TooFew(means.Count)
        : means.IsZero ? "all class means are the same"
        : rows.IsZero ? "the weight is zero"
        : null;

    private static DualityMetrics WithRows(DualityMetrics result, PointSet means, PointSet rows, MissingMeasures missing)
    {
        var (mean, row) = (means.FindZero(), rows.FindZero());
        if (mean >= 0 || row >= 0)
        {
            var name = mean >= 0 ? $"class mean {means.Labels[mean]}" : $"classifier row {rows.Labels[row]}";
            missing.Add($"{name} is zero up to rounding: it has no direction", s_rows);
            return result;
        }

        var (products, cosines, distances) = (new double[means.Count], new double[means.Count], new double[means.Count]);
        for (var i = 0; i < means.Count; i++)
        {
            var w = rows.Row(i);
            var m = means.Row(i);
            var (scaleW, scaleM, distance) = (1 / Math.Sqrt(rows.Squares[i]), 1 / Math.Sqrt(means.Squares[i]), 0.0);
            for (var j = 0; j < w.Length; j++)
            {
                products[i] += w[j] * m[j];
                var difference = w[j] * scaleW - m[j] * scaleM;
                distance += difference * difference;
            }

            // Near a cosine of 1 or -1 its own digits are those of the distance.
            (cosines[i], distances[i]) = (Math.Clamp(products[i] * scaleW * scaleM, -1, 1), Math.Sqrt(distance));
        }

        var (cosine, product, apart) = (new PairSummary(), new PairSummary(), new PairSummary());
        cosine.Add(cosines);
        product.Add(products);
        apart.Add(distances);
        return result with
        {
            RowCosine = cosine.Mean,
            RowCosineDeviation = cosine.Deviation,
            RowDistance = apart.Mean,
            RowProductDeviation = product.Deviation,
        };
    }

    private static double? StructureError(PointSet means, PointSet rows, CollapseMetricsOptions options, MissingMeasures missing)
    {
        if (means.Count > options.PairwiseClassLimit)
        {
            missing.Add(FrameMeasurement.TooMany(means.Count, options.PairwiseClassLimit), "structureError");
            return null;
        }

        var (trace, sumW, sumC) = (0.0, new double[means.Width], new double[means.Width]);
        for (var i = 0; i < means.Count; i++)
        {
            trace += RowKernels.Product(rows.Row(i), means.Row(i));
            RowKernels.AddScaled(rows.Row(i), 1, sumW);
            RowKernels.AddScaled(means.Row(i), 1, sumC);
        }

        var residual = new EtfResidual(trace, RowKernels.Product(sumW, sumC), means.Count);
        PairProducts.Each(rows, means, residual.Add);
        if (residual.Value is null)
            missing.Add("W C^T is zero", "structureError");
        return residual.Value;
    }

    private static double GlobalMeanLogit(ClassStatistics statistics, PointSet means, PointSet classifier, Tensor? bias)
    {
        var mean = statistics.Mean(means.Labels[0]);
        RowKernels.AddScaled(means.Row(0), -1, mean);
        var offsets = bias is null ? new double[classifier.Count] : Values(bias);
        var total = 0.0;
        for (var row = 0; row < classifier.Count; row++)
        {
            var logit = RowKernels.Product(classifier.Row(row), mean) + offsets[row];
            total += logit * logit;
        }

        return Math.Sqrt(total);
    }

    private static double[] Values(Tensor vector)
    {
        using var scope = NewDisposeScope();
        return MemoryMarshal.Cast<byte, double>(vector.detach().cpu().to(float64).contiguous().bytes).ToArray();
    }
}
