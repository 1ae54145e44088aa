namespace EtfNet;

/// <summary>The shift t that brings <c>(S - t I)/|S - t I|</c> nearest to a matrix A of norm 1.</summary>
/// <remarks>
/// <c>|A - B|^2 = 2 - 2 f(t)</c> with <c>f(t) = (a - t tr A) / sqrt(s2 - 2 t s1 + n t^2)</c>, where a = A.S, s2 = |S|^2 and s1 = tr S. Its
/// derivative is zero at one point only, <c>t = (s2 tr A - a s1) / (s1 tr A - a n)</c>; the best t is that one or an end.
/// </remarks>
internal static class RegressionStructure
{
    /// <param name="gram">A, n x n.</param>
    /// <param name="root">S, n x n, positive semidefinite.</param>
    /// <param name="size">n, at least 2.</param>
    /// <param name="greatest">The greatest t allowed, the least eigenvalue of S.</param>
    /// <returns>The squared distance and t^2.</returns>
    public static (double Distance, double Gamma) Best(double[] gram, double[] root, int size, double greatest)
    {
        var (trace, s1) = (0.0, 0.0);
        for (var i = 0; i < size; i++)
            (trace, s1) = (trace + gram[i * size + i], s1 + root[i * size + i]);
        var (a, s2) = (RowKernels.Product(gram, root), RowKernels.SquaredNorm(root));
        var inner = (s2 * trace - a * s1) / (s1 * trace - a * size);
        var shifts = double.IsFinite(inner) && inner > 0 && inner < greatest ? new[] { 0, inner, greatest } : [0, greatest];
        return shifts.Select(shift => (Distance(gram, root, size, shift), shift * shift)).MinBy(found => found.Item1);
    }

    private static double Distance(double[] gram, double[] root, int size, double shift)
    {
        var shifted = (double[])root.Clone();
        for (var i = 0; i < size; i++)
            shifted[i * size + i] -= shift;
        var norm = Math.Sqrt(RowKernels.SquaredNorm(shifted));
        // S is a multiple of I, and nothing is left of it.
        if (norm <= 1e-14 * Math.Sqrt(RowKernels.SquaredNorm(root)))
            return double.PositiveInfinity;
        var total = 0.0;
        for (var i = 0; i < shifted.Length; i++)
        {
            var difference = gram[i] - shifted[i] / norm;
            total += difference * difference;
        }

        return total;
    }
}
