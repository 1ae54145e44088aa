namespace EtfNet;

/// <summary>Row lengths for imbalanced classes: rare classes get longer rows, and therefore stronger gradients.</summary>
public static class ClassLengths
{
    /// <summary>Computes the lengths <c>(n / n_c)^power</c>, with n the mean count of the classes that have samples.</summary>
    /// <param name="counts">The number of training samples of each class. A class without samples gets length 1, which is not used.</param>
    /// <param name="power">
    /// In [0, 1]. At 0 all lengths are equal; at 1 each class has the same total weight, whatever its number of samples. The default is 0.5
    /// (Yang et al., NeurIPS 2022).
    /// </param>
    /// <exception cref="ArgumentNullException"><paramref name="counts"/> is null.</exception>
    /// <exception cref="ArgumentException">No class has a sample.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A count is negative, or the power does not lie in [0, 1].</exception>
    public static double[] Of(IReadOnlyList<long> counts, double power = 0.5)
    {
        ArgumentNullException.ThrowIfNull(counts);
        if (power is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(power), power, "Must lie in [0, 1].");
        for (var c = 0; c < counts.Count; c++)
            if (counts[c] < 0)
                throw new ArgumentOutOfRangeException(nameof(counts), counts[c], $"The count of class {c} is negative.");
        var present = counts.Where(count => count > 0).ToArray();
        if (present.Length == 0)
            throw new ArgumentException("No class has a sample.", nameof(counts));
        var mean = present.Average();
        return [.. counts.Select(count => count == 0 ? 1 : Math.Pow(mean / count, power))];
    }
}
