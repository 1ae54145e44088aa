namespace EtfNet;

/// <summary>A decision made again in float64, from the features and class sums themselves.</summary>
internal static class ExactDistance
{
    /// <summary>
    /// Whether the own center is nearest (the sample left out of it where the centers say so), which is without leaving out, and which is
    /// the nearest of the others.
    /// </summary>
    public static (bool Right, int Winner, int Other) Decide(
        FeatureRows features, int row, int ownIndex, ClassCenters centers, ClassStatistics statistics)
    {
        var sample = new double[features.Width];
        features.CopyRow(row, sample);

        var (winner, nearest) = (-1, double.PositiveInfinity);
        var (other, otherDistance, own) = (-1, double.PositiveInfinity, double.PositiveInfinity);
        for (var k = 0; k < centers.Classes.Length; k++)
        {
            var c = centers.Classes[k];
            var distance = SquaredDistance(sample, statistics.Sum(c), statistics.Count(c));
            if (distance < nearest)
                (winner, nearest) = (k, distance);
            if (k == ownIndex)
                own = !centers.LeavesOneOut ? distance
                    : statistics.Count(c) > 1 ? distance * ClassCenters.OwnFactor(statistics.Count(c))
                    : double.PositiveInfinity;
            else if (distance < otherDistance)
                (other, otherDistance) = (k, distance);
        }

        return (double.IsFinite(own) && (own < otherDistance || (own == otherDistance && ownIndex < other)), winner, other);
    }

    private static double SquaredDistance(ReadOnlySpan<double> sample, ReadOnlySpan<double> sum, long count)
    {
        var total = 0.0;
        for (var i = 0; i < sample.Length; i++)
        {
            var difference = sample[i] - sum[i] / count;
            total += difference * difference;
        }

        return total;
    }
}
