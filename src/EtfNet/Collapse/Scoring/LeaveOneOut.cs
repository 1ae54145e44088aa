namespace EtfNet;

/// <summary>Leaving a sample out of its own class's center, where the center may hold the sample as it was before.</summary>
/// <remarks>
/// A center of n samples that holds the very sample at distance a lies a n/(n-1) from it without the sample. A center of an earlier epoch
/// holds the sample as it was then: of its deviation from the class mean only a share returns (all of it where nothing has moved, nothing
/// under strong augmentation), and the distance without it is, in the mean, <c>a (1 + share / (n-1))</c>. The share at which a decision
/// turns to wrong is kept, so that it need not be known when samples are scored.
/// </remarks>
internal static class LeaveOneOut
{
    /// <summary>
    /// The share, from 0 on, at which the own center is no longer the nearest; 0 where it never is, infinity where it always is.
    /// </summary>
    /// <param name="own">The squared distance from the own center.</param>
    /// <param name="other">The least squared distance from another one.</param>
    /// <param name="factor"><c>(n/(n-1))^2</c>; infinite for a class of one sample, 1 where none is left out.</param>
    public static float TurningShare(double own, double other, double factor)
    {
        if (!(other > own) || double.IsPositiveInfinity(factor) || !(factor > 1))
            return 0;
        return own > 0 ? (float)((Math.Sqrt(other / own) - 1) / (Math.Sqrt(factor) - 1)) : float.PositiveInfinity;
    }
}
