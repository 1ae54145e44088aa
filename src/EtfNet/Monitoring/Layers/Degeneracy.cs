namespace EtfNet;

/// <summary>Why no error or metric can be computed from some statistics.</summary>
internal static class Degeneracy
{
    // Means of one and the same float32 vector differ in the last digits of float64.
    private const double Negligible = 1e-9;

    /// <summary>Why there is nothing to measure; null where there is.</summary>
    /// <param name="statistics">Statistics with at least one sample.</param>
    public static string? Of(ClassStatistics statistics)
    {
        var present = PointSet.Present(statistics);
        if (present.Length == 1)
            return "only one class was seen: it is always nearest to itself";
        if (present.All(c => statistics.Count(c) == 1))
            return "each class has a single sample: without it there is no mean that it could be near to";
        return Dead(statistics, present);
    }

    /// <summary>Why features are no features at all; null where they are.</summary>
    public static string? OfFeatures(ClassStatistics statistics) =>
        PointSet.Present(statistics) is { Length: > 1 } present ? Dead(statistics, present) : null;

    private static string? Dead(ClassStatistics statistics, int[] present) =>
        Coincide(statistics, present)
            ? "all class means are one and the same: the layer gives the same features whatever goes in (dead units, or a constant input)"
            : null;

    private static bool Coincide(ClassStatistics statistics, int[] present)
    {
        var first = statistics.Mean(present[0]);
        var limit = Negligible * Negligible * RowKernels.SquaredNorm(first);
        foreach (var c in present.AsSpan(1))
        {
            var sum = statistics.Sum(c);
            var (scale, squares) = (1.0 / statistics.Count(c), 0.0);
            for (var i = 0; i < first.Length; i++)
            {
                var difference = sum[i] * scale - first[i];
                squares += difference * difference;
            }

            if (squares > limit)
                return false;
        }

        return true;
    }
}
