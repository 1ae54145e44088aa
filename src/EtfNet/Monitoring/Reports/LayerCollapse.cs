namespace EtfNet;

/// <summary>How far one layer has collapsed.</summary>
public sealed record LayerCollapse
{
    /// <summary>Gets the layer's path in the model, as <c>named_modules</c> writes it; empty for the model itself.</summary>
    public required string Name { get; init; }

    /// <summary>Gets where the features were taken and how they were pooled, as in <c>after BatchNorm1d, ReLU; spatial mean</c>.</summary>
    public required string FeaturePoint { get; init; }

    /// <summary>Gets the share of scored samples that lie nearer to another class's mean than to their own, the sample itself left out;
    /// null where none was scored.</summary>
    /// <value>In [0, 1].</value>
    public double? NccError { get; init; }

    /// <summary>Gets the 95% confidence interval of <see cref="NccError"/> (Wilson 1927); null where there is no error.</summary>
    public ErrorInterval? Interval { get; init; }

    /// <summary>Gets the number of samples scored.</summary>
    public long Samples { get; init; }

    /// <summary>Gets the number of samples that the class means are made of.</summary>
    public long Observed { get; init; }

    /// <summary>Gets the number of samples left out because a feature was NaN or infinite.</summary>
    public long NonFinite { get; init; }

    /// <summary>Gets the number of scored samples whose decision lies within the rounding of float32 distances.</summary>
    /// <value>
    /// On the CPU and in exact mode these are decided in float64. On CUDA they are not, online, and <see cref="Reason"/> says so where they
    /// are many.
    /// </value>
    public long WithinRounding { get; init; }

    /// <summary>
    /// Gets whether the entry's place among the layers is known: false for a layer that no forward has called, and for features given by
    /// hand that name no layer before them.
    /// </summary>
    /// <value>The default is true. <see cref="CollapseReport.EffectiveDepth"/> passes over entries without a place.</value>
    public bool HasPlace { get; init; } = true;

    /// <summary>Gets the number of features after pooling; 0 where none was seen.</summary>
    public int Width { get; init; }

    /// <summary>Gets the number of classes with at least one sample.</summary>
    public int PresentClasses { get; init; }

    /// <summary>Gets why there is no error, or what was wrong with some samples, and the way out; null where all is well.</summary>
    public string? Reason { get; init; }

    /// <summary>Gets NC1, <c>tr(Sw pinv(Sb)) / P</c> over the P present classes (Papyan, Han, Donoho 2020); null unless asked for, in exact
    /// mode.</summary>
    public double? Nc1 { get; init; }

    /// <summary>Gets the rank that the pseudo-inverse in <see cref="Nc1"/> took.</summary>
    public int? Nc1Rank { get; init; }

    /// <summary>Gets <c>tr(Sw) / tr(Sb)</c>, the cheap relative of <see cref="Nc1"/>; null unless the scatter is kept.</summary>
    public double? TraceQuotient { get; init; }

    /// <summary>Gets the class-distance normalized variance, the mean over pairs of <c>(V_a + V_c) / (2 |m_a - m_c|^2)</c> (Galanti et al.
    /// 2022); null unless the scatter is kept.</summary>
    public double? Cdnv { get; init; }

    /// <summary>Gets the population standard deviation over the mean of the norms of the centered class means; 0 for a simplex ETF
    /// (NC2).</summary>
    public double? Equinorm { get; init; }

    /// <summary>Gets the mean over pairs of <c>|cos + 1/(P-1)|</c> of the centered class means; 0 for a simplex ETF (NC2).</summary>
    public double? Equiangularity { get; init; }

    /// <summary>Gets the Frobenius distance of the normalized Gram matrix of centered class means from a simplex ETF's; 0 for one
    /// (NC2).</summary>
    public double? GramDeviation { get; init; }

    /// <summary>
    /// Gets the Frobenius distance between the layer's weight and the centered class means of its own input, both normalized (NC3).
    /// </summary>
    /// <value>Null for layers that are not the model's classifier: those whose output is not its class scores.</value>
    public double? SelfDuality { get; init; }

    /// <summary>Gets the share of scored samples whose nearest class mean (nothing left out) is not the class that the model predicts
    /// (NC4); null where outputs were not seen.</summary>
    public double? Nc4Mismatch { get; init; }

    /// <summary>Gets all measures of the layer: those above, and the ones beside them.</summary>
    /// <value>
    /// The geometry, error and NC1 are those of the layer's features; <see cref="CollapseMetrics.Classifier"/> and
    /// <see cref="CollapseMetrics.Duality"/> those of the layer's own weight, where it has a row per class, and of the features before it.
    /// Null where no sample was seen or no measure was asked for.
    /// </value>
    public CollapseMetrics? Measures { get; init; }
}
