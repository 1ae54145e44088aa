using System.Runtime.CompilerServices;

namespace EtfNet;

/// <summary>A decision made again in float64, from the features and class sums themselves.</summary>
/// <param name="Right">Whether the own center is the nearest, the sample left out of it.</param>
/// <param name="Winner">Which center is the nearest, nothing left out.</param>
/// <param name="OtherIndex">Which is the nearest of the other classes' centers; -1 where there is none.</param>
/// <param name="Own">The squared distance from the own center, nothing left out; infinite where there is none.</param>
/// <param name="Other">The least squared distance from another center.</param>
internal readonly record struct ExactDistance(bool Right, int Winner, int OtherIndex, double Own, double Other)
{
    /// <param name="features">The samples.</param>
    /// <param name="row">Which.</param>
    /// <param name="ownIndex">Its class among the centers; -1 where it has none.</param>
    /// <param name="centers">The centers, which say whether the sample is left out of its own.</param>
    /// <param name="statistics">The state that they were made of.</param>
    /// <param name="centered">The sample as float32, seen from the global mean.</param>
    /// <param name="limit">Centers farther than that by float32 cannot be the nearest of the others.</param>
    public static ExactDistance Decide(
        FeatureRows features, int row, int ownIndex, ClassCenters centers, ClassStatistics statistics, ReadOnlySpan<float> centered,
        float limit)
    {
        var sample = new double[features.Width];
        features.CopyRow(row, sample);

        var (winner, nearest) = (-1, double.PositiveInfinity);
        var (other, otherDistance, own) = (-1, double.PositiveInfinity, double.PositiveInfinity);
        for (var k = 0; k < centers.Classes.Length; k++)
        {
            if (k != ownIndex && float.IsFinite(limit)
                && centers.SquaredNorms[k] - 2 * centers.Product(centered, k) > limit)
                continue;
            var c = centers.Classes[k];
            var distance = SquaredDistance(sample, statistics.Sum(c), statistics.Count(c));
            if (distance < nearest)
                (winner, nearest) = (k, distance);
            if (k == ownIndex)
                own = distance;
            else if (distance < otherDistance)
                (other, otherDistance) = (k, distance);
        }

        var factor = ownIndex < 0 ? double.PositiveInfinity
            : centers.LeavesOneOut ? ClassCenters.OwnFactor(statistics.Count(centers.Classes[ownIndex]))
            : 1;
        var left = double.IsPositiveInfinity(factor) ? factor : own * factor;
        var right = double.IsFinite(left) && (left < otherDistance || (left == otherDistance && ownIndex < other));
        return new ExactDistance(right, winner, other, own, otherDistance);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
