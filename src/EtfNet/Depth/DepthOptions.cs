using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Which layers <c>MeasureDepth</c> measures, and how.</summary>
public sealed record DepthOptions
{
    /// <summary>Gets the number of classes; labels are checked against it.</summary>
    /// <value>
    /// At least 2, or null for the width of the model's class scores, or where those are not known one more than the highest label. The
    /// default is null.
    /// </value>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 2.</exception>
    public int? ClassCount
    {
        get;
        init => field = value is null or >= 2
            ? value
            : throw new ArgumentOutOfRangeException(nameof(ClassCount), value, "Must be at least 2, or null.");
    }

    /// <summary>Gets the names of the layers to measure: <c>*</c> stands for any characters, <c>?</c> for one.</summary>
    /// <value>
    /// Patterns choose among the linear and convolution layers; a name without wildcards also takes a module of any other kind. The
    /// default, empty, stands for all of these layers, and the blocks (modules with layers inside) that stand in a chain of
    /// <c>Sequential</c>
    /// modules: behind each of them the model can be cut.
    /// </value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public IReadOnlyList<string> Include { get; init => field = value ?? throw new ArgumentNullException(nameof(Include)); } = [];

    /// <summary>Gets the names of layers not to measure, as patterns. The default is none.</summary>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public IReadOnlyList<string> Exclude { get; init => field = value ?? throw new ArgumentNullException(nameof(Exclude)); } = [];

    /// <summary>Gets where features are taken. The default is <see cref="FeaturePoint.Auto"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is no feature point.</exception>
    public FeaturePoint FeaturePoint { get; init => field = OptionCheck.Defined(value, nameof(FeaturePoint)); }

    /// <summary>Gets how outputs become one vector per sample. The default is <see cref="FeaturePooling.Auto"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is no pooling.</exception>
    public FeaturePooling Pooling { get; init => field = OptionCheck.Defined(value, nameof(Pooling)); }

    /// <summary>
    /// Gets the penalty of the ridge head, as a share of the mean variance of a layer's features: lambda is it times tr(S) / d.
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

    /// <summary>Gets the accuracy that the shallowest cut may lose against the whole model.</summary>
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
    /// Gets the width of features above which a layer has no ridge head: its equations take 8 d^2 bytes of memory, and the time for d^2
    /// numbers per sample.
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

    /// <summary>Gets the label that marks a sample or position without a class: it is left out.</summary>
    /// <value>Any number, or null for none. The default is -100, as in <c>cross_entropy</c>.</value>
    public long? IgnoreIndex { get; init; } = -100;

    /// <summary>Gets how the class scores are picked from what the model returns.</summary>
    /// <value>As <see cref="NccMonitorOptions.Logits"/>. The default, null, finds them.</value>
    public Func<object, Tensor?>? Logits { get; init; }

    /// <summary>Gets which tokens of a padded batch count in token means.</summary>
    /// <value>
    /// As <see cref="NccMonitorOptions.TokenMask"/>. The default, null, counts all tokens. A head behind masked means sees no mask in the
    /// cut model, so that no cut is offered there.
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
