using System.Globalization;
using System.Text;

namespace EtfNet;

/// <summary>The measures of neural collapse of features with class labels, and of the classifier that reads them.</summary>
/// <remarks>
/// <para>Classes without samples are left out: P is the number of present classes, m_c are their means, C has the means minus the mean of
/// means, and V_c = scatter / count (population). Sw is the covariance within classes over all samples; Sb is the covariance of the P class
/// means, each counting equally. Norms of matrices are Frobenius norms.</para>
/// <para>A number is null if it was not requested or cannot be computed (one class, means that coincide, no weight); in the second case
/// <see cref="Missing"/> says why. None is NaN. Sources: Papyan, Han, Donoho, PNAS 2020; Zhu et al., NeurIPS 2021; Galanti, Gyorgy, Hutter
/// 2022; Liu et al., ICLR 2023; Wu, Papyan, NeurIPS 2024. <c>docs/collapse-measures.md</c> has the conventions.</para>
/// </remarks>
public sealed partial record CollapseMetrics
{
    /// <summary>Gets the number of samples in the class means.</summary>
    public long Observed { get; init; }

    /// <summary>Gets the number of samples left out because a feature was NaN or infinite.</summary>
    public long NonFinite { get; init; }

    /// <summary>Gets the number of features of a sample.</summary>
    public int Width { get; init; }

    /// <summary>Gets the number of classes with at least one sample.</summary>
    public int PresentClasses { get; init; }

    /// <summary>
    /// Gets the share of scored samples that lie nearer to another class's mean than to the mean of their own class (which is computed
    /// without the sample, unless the options say otherwise).
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

    /// <summary>Gets the rank that the pseudo-inverse in <see cref="Nc1"/> used.</summary>
    public int? Nc1Rank { get; init; }

    /// <summary>Gets <c>tr(Sw) / tr(Sb)</c> (Tirer, Huang, Niles-Weed 2023).</summary>
    public double? TraceQuotient { get; init; }

    /// <summary>
    /// Gets the scatter within classes divided by the scatter about the mean of all samples, in [0, 1]: one minus the share that the
    /// classes explain.
    /// </summary>
    public double? WithinShare { get; init; }

    /// <summary>
    /// Gets the class-distance normalized variance, the mean over pairs of <c>(V_a + V_c) / (2 |m_a - m_c|^2)</c> (Galanti et al. 2022).
    /// </summary>
    /// <value>Not negative. Distances are computed from differences directly, so close means keep their digits.</value>
    public double? Cdnv { get; init; }

    /// <summary>Gets the geometry of the class means minus the mean of means.</summary>
    public FrameMetrics Means { get; init; } = new();

    /// <summary>
    /// Gets the geometry of the classifier's rows, those of absent classes included; null if no weight was given or it was not requested.
    /// </summary>
    public FrameMetrics? Classifier { get; init; }

    /// <summary>Gets how well classifier and class means agree; null if no weight was given or it was not requested.</summary>
    public DualityMetrics? Duality { get; init; }

    /// <summary>
    /// Gets the share of scored samples whose nearest class mean (nothing left out) is not the class that the logits predict (NC4).
    /// </summary>
    public double? Nc4Mismatch { get; init; }

    /// <summary>Gets the requested measures that have no number, each with the reason.</summary>
    public MissingMeasures Missing { get; init; } = new();

    /// <summary>One line per number, then the reasons why others are missing.</summary>
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
