namespace EtfNet;

/// <summary>Which measures <see cref="CollapseMetrics"/> computes, and with which conventions if papers differ.</summary>
public sealed record CollapseMetricsOptions
{
    /// <summary>Gets which measures are computed. The default is <see cref="CollapseMetricSet.All"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value has bits that are not in <see cref="CollapseMetricSet"/>.</exception>
    public CollapseMetricSet Metrics
    {
        get;
        init => field = (value & ~CollapseMetricSet.All) == 0
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Metrics), value, "Must be a combination of CollapseMetricSet values.");
    } = CollapseMetricSet.All;

    /// <summary>Gets the number of classes; labels are checked against it.</summary>
    /// <value>
    /// At least 1, or null for the number of rows of the weight or of columns of the logits, if these are given. The default is null.
    /// </value>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int? ClassCount
    {
        get;
        init => field = value is null or >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(ClassCount), value, "Must be at least 1, or null.");
    }

    /// <summary>
    /// Gets the number of classes above which measures over pairs of classes, whose cost is quadratic, are left out.
    /// </summary>
    /// <value>
    /// At least 0. The default is 1000. With <see cref="int.MaxValue"/> there is no limit: pairs are processed in blocks, so memory stays
    /// at 32 MiB besides the class means, and time grows with the number of pairs.
    /// </value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int PairwiseClassLimit
    {
        get;
        init => field = value >= 0
            ? value
            : throw new ArgumentOutOfRangeException(nameof(PairwiseClassLimit), value, "Must not be negative.");
    } = 1000;

    /// <summary>Gets the power of the squared distance in <see cref="CollapseMetrics.Cdnv"/>.</summary>
    /// <value>
    /// Positive and finite. The default is 1 (Galanti et al. 2022); Wu and Papyan (2024) also use greater powers, which weight close
    /// classes more.
    /// </value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not positive and finite.</exception>
    public double CdnvExponent
    {
        get;
        init => field = value > 0 && double.IsFinite(value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(CdnvExponent), value, "Must be positive and finite.");
    } = 1;

    /// <summary>Gets s of the Riesz kernel <c>sign(s) distance^-s</c> (Liu et al. 2023).</summary>
    /// <value>
    /// Finite and not 0; 0 would be the logarithm, which is measured anyway. The default is 1. At common widths, the harmonic choice s =
    /// width - 2 gives numbers outside the range of float64.
    /// </value>
    /// <exception cref="ArgumentOutOfRangeException">The value is 0 or not finite.</exception>
    public double RieszExponent
    {
        get;
        init => field = value != 0 && double.IsFinite(value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(RieszExponent), value, "Must be finite and not 0 (which is LogEnergy).");
    } = 1;

    /// <summary>
    /// Gets whether a sample is left out of the center of its own class if the error is measured on the same samples as the centers.
    /// </summary>
    /// <value>The default is true; false gives the plain training error of the nearest-class-center rule, as in Papyan et al. 2020.</value>
    public bool LeaveOneOut { get; init; } = true;
}
