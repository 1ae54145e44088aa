using System.Globalization;
using System.Text;

namespace EtfNet;

/// <summary>The measures of neural collapse of features with class labels, and of the classifier that reads them.</summary>
/// <remarks>
/// <para>Classes without samples take no part: P is the number of present classes, m_c their means, C the means less the mean of means, V_c
/// = scatter / count (population). Sw is the covariance within classes over all samples, Sb that of the P class means, each counting alike.
/// Norms of matrices are Frobenius.</para>
/// <para>A number is null where it was not asked for, or where it has none (one class, means that coincide, no weight);
/// <see cref="Missing"/> then says why. None is NaN. Sources: Papyan, Han, Donoho, PNAS 2020; Zhu et al., NeurIPS 2021; Galanti, Gyorgy,
/// Hutter 2022; Liu et al., ICLR 2023; Wu, Papyan, NeurIPS 2024. <c>docs/collapse-measures.md</c> has the conventions.</para>
/// </remarks>
public sealed partial record CollapseMetrics
{
    /// <summary>Gets the number of samples that the class means are made of.</summary>
    public long Observed { get; init; }

    /// <summary>Gets the number of samples left out because a feature was NaN or infinite.</summary>
    public long NonFinite { get; init; }

    /// <summary>Gets the number of features of a sample.</summary>
    public int Width { get; init; }

    /// <summary>Gets the number of classes with at least one sample.</summary>
    public int PresentClasses { get; init; }

    /// <summary>
    /// Gets the share of scored samples that lie nearer to another class's mean than to their own (left out of their own mean, unless the
    /// options say otherwise).
    /// </summary>
    /// <value>In [0, 1].</value>
    public double? NccError { get; init; }

    /// <summary>Gets the 95% confidence interval of <see cref="NccError"/> (Wilson 1927).</summary>
    public ErrorInterval? NccInterval { get; init; }

    /// <summary>Gets the number of samples scored.</summary>
    public long Scored { get; init; }

    /// <summary>Gets the error of each class, and the confusion of centers.</summary>
    public ClassErrors? ClassErrors { get; init; }

    /// <summary>
    /// Gets NC1, <c>tr(Sw pinv(Sb)) / P</c> (Papyan et al. 2020; Han, Papyan, Donoho 2022 take the P - 1 greatest directions, which is the
    /// same).
    /// </summary>
    public double? Nc1 { get; init; }

    /// <summary>Gets the rank that the pseudo-inverse in <see cref="Nc1"/> took.</summary>
    public int? Nc1Rank { get; init; }

    /// <summary>Gets <c>tr(Sw) / tr(Sb)</c> (Tirer, Huang, Niles-Weed 2023).</summary>
    public double? TraceQuotient { get; init; }

    /// <summary>
    /// Gets the scatter within classes over all scatter about the mean of all samples, in [0, 1]: one less the share that the classes
    /// explain.
    /// </summary>
    public double? WithinShare { get; init; }

    /// <summary>
    /// Gets the class-distance normalized variance, the mean over pairs of <c>(V_a + V_c) / (2 |m_a - m_c|^2)</c> (Galanti et al. 2022).
    /// </summary>
    /// <value>Not negative. The distance is that of differences taken directly, so that close means keep their digits.</value>
    public double? Cdnv { get; init; }

    /// <summary>Gets the geometry of the class means less the mean of means.</summary>
    public FrameMetrics Means { get; init; } = new();

    /// <summary>
    /// Gets the geometry of the classifier's rows, those of absent classes included; null where no weight was given or it was not asked
    /// for.
    /// </summary>
    public FrameMetrics? Classifier { get; init; }

    /// <summary>Gets how classifier and class means agree; null where no weight was given or it was not asked for.</summary>
    public DualityMetrics? Duality { get; init; }

    /// <summary>
    /// Gets the share of scored samples whose nearest class mean (nothing left out) is not the class that the logits predict (NC4).
    /// </summary>
    public double? Nc4Mismatch { get; init; }

    /// <summary>Gets the measures that were asked for and have no number, each with the reason.</summary>
    public MissingMeasures Missing { get; init; } = new();

    /// <summary>A line per number, then the reasons of those that are missing.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Words.Count(Observed, "sample")} of width {Width} in {PresentClasses} classes");
        if (NonFinite > 0)
            text.Append(CultureInfo.InvariantCulture, $"; left out: {Words.Count(NonFinite, "sample")} with NaN or infinite features");
        foreach (var (name, value) in MeasureNames.Numbers(this))
            if (value is not null)
                text.AppendLine().Append(CultureInfo.InvariantCulture, $"  {name,-30} {value:G6}");
        foreach (var line in Missing.Count == 0 ? [] : Missing.ToString().Split(Environment.NewLine))
            text.AppendLine().Append("  ").Append(line);
        return text.ToString();
    }
}
