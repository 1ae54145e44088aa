namespace EtfNet;

/// <summary>How far one layer has collapsed.</summary>
public sealed record LayerCollapse
{
    /// <summary>Gets the layer's path in the model, as <c>named_modules</c> writes it; empty for the model itself.</summary>
    public required string Name { get; init; }

    /// <summary>Gets where the features were taken and how they were pooled, as in <c>after BatchNorm1d, ReLU; spatial mean</c>.</summary>
    public required string FeaturePoint { get; init; }

    /// <summary>Gets the share of scored samples that lie nearer to another class's mean than to the mean of their own class without the
    /// sample; null if none was scored.</summary>
    /// <value>In [0, 1].</value>
    public double? NccError { get; init; }

    /// <summary>Gets the 95% confidence interval of <see cref="NccError"/> (Wilson 1927); null if there is no error.</summary>
    public ErrorInterval? Interval { get; init; }

    /// <summary>Gets the number of samples scored.</summary>
    public long Samples { get; init; }

    /// <summary>Gets the number of samples in the class means.</summary>
    public long Observed { get; init; }

    /// <summary>Gets the number of samples left out because a feature was NaN or infinite.</summary>
    public long NonFinite { get; init; }

    /// <summary>Gets the number of scored samples for which float32 distances are too close to decide.</summary>
    /// <value>
    /// On the CPU and in exact mode these samples are decided in float64. Online on CUDA they are not, and <see cref="Reason"/> says so if
    /// there are many.
    /// </value>
    public long WithinRounding { get; init; }

    /// <summary>
    /// Gets whether the entry's place among the layers is known. It is false for a layer that no forward has called, and for features
    /// passed by hand without the name of a layer before them.
    /// </summary>
    /// <value>The default is true. <see cref="CollapseReport.EffectiveDepth"/> ignores entries without a place.</value>
    public bool HasPlace { get; init; } = true;

    /// <summary>Gets the number of features after pooling; 0 if none was seen.</summary>
    public int Width { get; init; }

    /// <summary>Gets the number of classes with at least one sample.</summary>
    public int PresentClasses { get; init; }

    /// <summary>Gets why there is no error, or what was wrong with some samples, and what to do; null if nothing was wrong.</summary>
    public string? Reason { get; init; }

    /// <summary>Gets NC1, <c>tr(Sw pinv(Sb)) / P</c> over the P present classes (Papyan, Han, Donoho 2020); null unless requested, in exact
    /// mode.</summary>
    public double? Nc1 { get; init; }

    /// <summary>Gets the rank that the pseudo-inverse in <see cref="Nc1"/> used.</summary>
    public int? Nc1Rank { get; init; }

    /// <summary>Gets <c>tr(Sw) / tr(Sb)</c>, a cheap alternative to <see cref="Nc1"/>; null unless the scatter is kept.</summary>
    public double? TraceQuotient { get; init; }

    /// <summary>Gets the class-distance normalized variance, the mean over pairs of <c>(V_a + V_c) / (2 |m_a - m_c|^2)</c> (Galanti et al.
    /// 2022); null unless the scatter is kept.</summary>
    public double? Cdnv { get; init; }

    /// <summary>Gets the population standard deviation over the mean of the norms of the centered class means; 0 for a simplex ETF
    /// (NC2).</summary>
    public double? Equinorm { get; init; }

    /// <summary>Gets the mean over pairs of <c>|cos + 1/(P-1)|</c> of the centered class means; 0 for a simplex ETF (NC2).</summary>
    public double? Equiangularity { get; init; }

    /// <summary>Gets the Frobenius distance between the normalized Gram matrices of the centered class means and of a simplex ETF; 0 for a
    /// simplex ETF (NC2).</summary>
    public double? GramDeviation { get; init; }

    /// <summary>
    /// Gets the Frobenius distance between the layer's weight and the centered class means of its own input, both normalized (NC3).
    /// </summary>
    /// <value>Null for layers that are not the model's classifier: those whose output is not its class scores.</value>
    public double? SelfDuality { get; init; }

    /// <summary>Gets the share of scored samples whose nearest class mean (nothing left out) is not the class that the model predicts
    /// (NC4); null if outputs were not seen.</summary>
    public double? Nc4Mismatch { get; init; }

    /// <summary>Gets all measures of the layer, including those above.</summary>
    /// <value>
    /// Geometry, error and NC1 are measured on the layer's features. <see cref="CollapseMetrics.Classifier"/> and
    /// <see cref="CollapseMetrics.Duality"/> are measured on the layer's own weight and on the features before the layer, if the layer's
    /// output is the model's class scores. Null if no sample was seen or no measure was requested.
    /// </value>
    public CollapseMetrics? Measures { get; init; }
}
