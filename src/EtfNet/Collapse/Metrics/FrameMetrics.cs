namespace EtfNet;

/// <summary>How far K points are from a simplex ETF, and how evenly they spread on the sphere (NC2, GNC2).</summary>
/// <remarks>
/// <para>For class means, the points are the means of the present classes minus the mean of means; for a classifier, its rows, not centered
/// (Papyan, Han, Donoho, PNAS 2020; Zhu et al., NeurIPS 2021). Every number is over the K points, or over their K(K-1)/2 unordered pairs;
/// deviations are of the population.</para>
/// <para>A number is null if it was not requested or cannot be computed; in the second case <see cref="CollapseMetrics.Missing"/> says
/// why.</para>
/// </remarks>
public sealed record FrameMetrics
{
    /// <summary>Gets the number of points K.</summary>
    public int Points { get; init; }

    /// <summary>Gets the standard deviation over the mean of the norms; 0 for a simplex ETF (Papyan et al. 2020, equinormness).</summary>
    public double? Equinorm { get; init; }

    /// <summary>
    /// Gets the mean of <c>|cos + 1/(K-1)|</c>; 0 for a simplex ETF (Papyan et al. 2020, closeness to the maximal angle).
    /// </summary>
    public double? Equiangularity { get; init; }

    /// <summary>
    /// Gets the standard deviation of the cosines; 0 where all angles are equal, of whatever size (Papyan et al. 2020, equiangularity).
    /// </summary>
    public double? CosineDeviation { get; init; }

    /// <summary>Gets the least cosine; <c>-1/(K-1)</c> for a simplex ETF.</summary>
    public double? LeastCosine { get; init; }

    /// <summary>Gets the greatest cosine, which is at least <c>-1/(K-1)</c> for any K points, and 1 if two classes share a
    /// direction.</summary>
    public double? GreatestCosine { get; init; }

    /// <summary>
    /// Gets <c>|G/|G| - (I - 11^T/K)/sqrt(K-1)|</c>, G the Gram matrix, norms Frobenius; 0 for a simplex ETF (Zhu et al. 2021, NC2;
    /// Kothapalli 2023).
    /// </summary>
    public double? GramDeviation { get; init; }

    /// <summary>
    /// Gets the effective rank, the exponential of the entropy of the singular values scaled to sum 1; K - 1 for a simplex ETF (Roy,
    /// Vetterli, EUSIPCO 2007).
    /// </summary>
    public double? EffectiveRank { get; init; }

    /// <summary>
    /// Gets the mean distance of the points scaled to norm 1; <c>sqrt(2K/(K-1))</c> for a simplex ETF, and never above (GNC2; Liu et al.,
    /// ICLR 2023).
    /// </summary>
    public double? Distance { get; init; }

    /// <summary>Gets the standard deviation of those distances.</summary>
    public double? DistanceDeviation { get; init; }

    /// <summary>
    /// Gets the mean of <c>log(1/distance)</c>; the less, the more uniform (GNC2, the Riesz kernel of s = 0; Liu et al. 2023; Wu, Papyan,
    /// NeurIPS 2024).
    /// </summary>
    public double? LogEnergy { get; init; }

    /// <summary>Gets the standard deviation of those logarithms.</summary>
    public double? LogEnergyDeviation { get; init; }

    /// <summary>
    /// Gets the mean of <c>sign(s) distance^-s</c>, s from <see cref="CollapseMetricsOptions.RieszExponent"/>; the less, the more uniform
    /// (GNC2; Liu et al. 2023).
    /// </summary>
    public double? RieszEnergy { get; init; }

    /// <summary>Gets the standard deviation of those powers.</summary>
    public double? RieszEnergyDeviation { get; init; }
}
