namespace EtfNet;

/// <summary>Which measures <see cref="CollapseMetrics"/> has, and by which conventions where papers differ.</summary>
public sealed record CollapseMetricsOptions
{
    /// <summary>Gets which measures are taken. The default is <see cref="CollapseMetricSet.All"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value has other bits than those of <see cref="CollapseMetricSet"/>.</exception>
    public CollapseMetricSet Metrics
    {
        get;
        init => field = (value & ~CollapseMetricSet.All) == 0
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Metrics), value, "Must be made of CollapseMetricSet.");
    } = CollapseMetricSet.All;

    /// <summary>Gets the number of classes; labels are checked against it.</summary>
    /// <value>
    /// At least 1, or null for the rows of the weight or the columns of the logits, where there are such. The default is null.
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
    /// Gets the number of classes above which measures over pairs of classes, quadratic in it, are left out; all others are taken.
    /// </summary>
    /// <value>
    /// At least 0. The default is 1000. <see cref="int.MaxValue"/> takes any number: in blocks, so memory stays at 32 MiB beside the class
    /// means, and time grows with the pairs.
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
    /// Positive and finite. The default is 1 (Galanti et al. 2022); Wu and Papyan (2024) also use greater ones, which weigh close classes
    /// more.
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
    /// Finite and not 0, which is the logarithm that is measured anyway. The default is 1. The harmonic choice, s = width - 2, leaves the
    /// range of numbers at common widths.
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
    /// Gets whether a sample is left out of its own class's center when the error is measured on the samples that the centers are made of.
    /// </summary>
    /// <value>The default is true; false gives the plain training error of the nearest-class-center rule, as in Papyan et al. 2020.</value>
    public bool LeaveOneOut { get; init; } = true;
}
