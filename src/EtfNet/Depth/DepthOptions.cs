using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Which layers <c>MeasureDepth</c> measures, and how.</summary>
public sealed record DepthOptions
{
    /// <summary>Gets the number of classes. Labels are checked against it.</summary>
    /// <value>
    /// At least 2, or null. The default is null: the width of the model's class scores, or, if these are not known, one more than the
    /// highest label.
    /// </value>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 2.</exception>
    public int? ClassCount
    {
        get;
        init => field = value is null or >= 2
            ? value
            : throw new ArgumentOutOfRangeException(nameof(ClassCount), value, "Must be at least 2, or null.");
    }

    /// <summary>Gets the names of the layers to measure; <c>*</c> matches any characters, <c>?</c> matches one.</summary>
    /// <value>
    /// Patterns match linear layers and convolutions. A name without wildcards can also be that of any other module. The default is empty:
    /// all linear layers and convolutions, and the blocks (modules that contain layers) in a chain of <c>Sequential</c> modules, because
    /// the model can be cut behind each block.
    /// </value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public IReadOnlyList<string> Include { get; init => field = value ?? throw new ArgumentNullException(nameof(Include)); } = [];

    /// <summary>Gets the names of the layers not to measure, as patterns. The default is none.</summary>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public IReadOnlyList<string> Exclude { get; init => field = value ?? throw new ArgumentNullException(nameof(Exclude)); } = [];

    /// <summary>Gets where features are taken. The default is <see cref="FeaturePoint.Auto"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a defined feature point.</exception>
    public FeaturePoint FeaturePoint { get; init => field = OptionCheck.Defined(value, nameof(FeaturePoint)); }

    /// <summary>Gets how outputs are reduced to one vector per sample. The default is <see cref="FeaturePooling.Auto"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a defined pooling.</exception>
    public FeaturePooling Pooling { get; init => field = OptionCheck.Defined(value, nameof(Pooling)); }

    /// <summary>
    /// Gets the penalty of the ridge head as a share of the mean variance of a layer's features: lambda is this value times tr(S) / d.
    /// </summary>
    /// <value>Positive and finite. The default is 0.001. The intercept has no penalty.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not positive and finite.</exception>
    public double RidgePenalty
    {
        get;
        init => field = value is > 0 and < double.PositiveInfinity
            ? value
            : throw new ArgumentOutOfRangeException(nameof(RidgePenalty), value, "Must be positive and finite.");
    } = 1e-3;

    /// <summary>Gets by how much the accuracy of the shallowest cut may be below that of the whole model.</summary>
    /// <value>A fraction in [0, 1). The default is 0.005, half a percentage point.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value lies outside [0, 1).</exception>
    public double Tolerance
    {
        get;
        init => field = value is >= 0 and < 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Tolerance), value, "Must lie in [0, 1).");
    } = 0.005;

    /// <summary>
    /// Gets the number of features d above which a layer has no ridge head. The head's equations take 8 d^2 bytes of memory, and time
    /// proportional to d^2 per sample.
    /// </summary>
    /// <value>At least 1. The default is 4096, whose equations take 128 MiB per layer.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int MaxRidgeWidth
    {
        get;
        init => field = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(MaxRidgeWidth), value, "Must be at least 1.");
    } = 4096;

    /// <summary>Gets the label of samples or positions without a class, which are left out.</summary>
    /// <value>Any number, or null for none. The default is -100, as in <c>cross_entropy</c>.</value>
    public long? IgnoreIndex { get; init; } = -100;

    /// <summary>Gets the function that picks the class scores from the model's result.</summary>
    /// <value>As <see cref="NccMonitorOptions.Logits"/>. The default is null: the scores are found automatically.</value>
    public Func<object, Tensor?>? Logits { get; init; }

    /// <summary>Gets the function that says which tokens of a padded batch count in token means.</summary>
    /// <value>
    /// As <see cref="NccMonitorOptions.TokenMask"/>. The default is null: all tokens count. In a cut model a head gets no mask, so no cut
    /// is offered where means are masked.
    /// </value>
    public Func<IReadOnlyList<Tensor>, Tensor?>? TokenMask { get; init; }

    /// <summary>What the observer of the forwards needs to know.</summary>
    internal ObservationOptions Observation => new()
    {
        ClassCount = ClassCount,
        IgnoreIndex = IgnoreIndex,
        Logits = Logits,
        TokenMask = TokenMask,
        Kind = Pooling switch
        {
            FeaturePooling.Auto => LabelKind.Unknown,
            FeaturePooling.EachPosition => LabelKind.PerPosition,
            _ => LabelKind.PerSample,
        },
    };
}
