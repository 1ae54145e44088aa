namespace EtfNet;

/// <summary>
/// How far a classifier's rows and the class means of its input are from each other (NC3), and the classifier's output for the global mean.
/// </summary>
/// <remarks>
/// <para>W has the classifier's rows of the P present classes, and C has the class means minus the mean of means. Norms of matrices are
/// Frobenius norms; standard deviations are those of the population.</para>
/// <para>A number is null if it was not requested or cannot be computed; in the second case <see cref="CollapseMetrics.Missing"/> says
/// why.</para>
/// </remarks>
public sealed record DualityMetrics
{
    /// <summary>
    /// Gets <c>|W/|W| - C/|C||</c>, in [0, 2]; 0 if the two agree up to scale (Papyan et al. 2020, whose figures show its square).
    /// </summary>
    public double? SelfDuality { get; init; }

    /// <summary>Gets the mean over classes of the cosine of row and mean; 1 at self-duality.</summary>
    public double? RowCosine { get; init; }

    /// <summary>
    /// Gets the standard deviation of those cosines; 0 at self-duality, and at uniform duality, where all classes differ equally (UNC3; Wu,
    /// Papyan, NeurIPS 2024).
    /// </summary>
    public double? RowCosineDeviation { get; init; }

    /// <summary>Gets the mean over classes of the distance of row and mean, each scaled to norm 1; 0 at self-duality.</summary>
    public double? RowDistance { get; init; }

    /// <summary>Gets the standard deviation over classes of the inner products of row and mean, neither of them scaled.</summary>
    public double? RowProductDeviation { get; init; }

    /// <summary>
    /// Gets <c>|WC^T/|WC^T| - (I - 11^T/P)/sqrt(P-1)|</c>, in [0, 2]; 0 at self-duality to a simplex ETF (Zhu et al. 2021, NC3; Kothapalli
    /// 2023).
    /// </summary>
    public double? StructureError { get; init; }

    /// <summary>
    /// Gets <c>|W m + b|</c> over all rows of W, with m the mean of class means; 0 if the bias removes the global mean (Zhu et al. 2021,
    /// whose m is the mean of balanced samples).
    /// </summary>
    public double? GlobalMeanLogit { get; init; }
}
