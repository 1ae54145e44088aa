namespace EtfNet;

/// <summary>The measures of the within-class scatter (NC1): quotient, within share, CDNV.</summary>
internal static class VariabilityMeasurement
{
    // Where the squared distance is below this share of the norms, it is taken from differences: products would lose more than five digits.
    private const double Close = 1e-4;

    public static (double? Quotient, double? Share, double? Cdnv) Measure(
        ClassStatistics statistics, PointSet means, CollapseMetricsOptions options, MissingMeasures missing)
    {
        if (!statistics.TracksScatter)
        {
            missing.Add("the statistics do not keep the scatter", "traceQuotient", "withinShare", "cdnv");
            return default;
        }

        var share = WithinShare(statistics, means);
        if (share is null)
            missing.Add("all features are the same", "withinShare");
        if (!means.IsZero)
            return (Within(statistics, means) / means.Squares.Average(), share, Cdnv(statistics, means, options, missing));
        missing.Add("all class means are the same", "traceQuotient", "cdnv");
        return (null, share, null);
    }

    /// <summary>The population variance of each class, <c>scatter / count</c>.</summary>
    public static double[] Variances(ClassStatistics statistics, PointSet means) =>
        [.. means.Labels.Select(c => statistics.Scatter(c) / statistics.Count(c))];

    /// <summary>A pair's class-distance normalized variance; infinite for two means that are the same up to rounding.</summary>
    public static double Normalized(double variances, double squaredDistance, PointSet means, double exponent) =>
        squaredDistance <= means.Rounding * means.Rounding
            ? double.PositiveInfinity
            : variances / (2 * (exponent == 1 ? squaredDistance : Math.Pow(squaredDistance, exponent)));

    private static double Within(ClassStatistics statistics, PointSet means) => means.Labels.Sum(statistics.Scatter) / statistics.Total;

    /// <summary>The scatter within classes over all scatter about the mean of all samples.</summary>
    private static double? WithinShare(ClassStatistics statistics, PointSet means)
    {
        var center = new double[means.Width];
        for (var i = 0; i < means.Count; i++)
            RowKernels.AddScaled(means.Row(i), (double)statistics.Count(means.Labels[i]) / statistics.Total, center);
        var (between, within) = (0.0, means.Labels.Sum(statistics.Scatter));
        if (!means.IsZero)
            for (var i = 0; i < means.Count; i++)
                between += statistics.Count(means.Labels[i]) * RowKernels.SquaredDistance(means.Row(i), center);
        // A scatter as small as the rounding of the means is none.
        return within + between > statistics.Total * means.Rounding * means.Rounding ? within / (within + between) : null;
    }

    private static double? Cdnv(ClassStatistics statistics, PointSet means, CollapseMetricsOptions options, MissingMeasures missing)
    {
        if (means.Count > options.PairwiseClassLimit)
        {
            missing.Add(FrameMeasurement.TooMany(means.Count, options.PairwiseClassLimit), "cdnv");
            return null;
        }

        var (variances, values) = (Variances(statistics, means), new double[means.Count]);
        var summary = new PairSummary();
        (int First, int Second)? same = null;
        PairProducts.Each(means, means, (a, products) =>
        {
            for (var c = a + 1; c < products.Length; c++)
            {
                var size = means.Squares[a] + means.Squares[c];
                var distance = size - 2 * products[c];
                if (distance < Close * size)
                    distance = means.SquaredDistance(a, c);
                values[c] = Normalized(variances[a] + variances[c], distance, means, options.CdnvExponent);
                if (double.IsPositiveInfinity(values[c]))
                    same ??= (means.Labels[a], means.Labels[c]);
            }

            summary.Add(values.AsSpan(a + 1));
        });
        if (same is not { } pair)
            return summary.Mean;
        missing.Add($"classes {pair.First} and {pair.Second} have the same mean: their distance is 0", "cdnv");
        return null;
    }
}
