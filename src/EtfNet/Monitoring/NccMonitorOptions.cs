using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Which layers an <see cref="NccMonitor"/> watches, and how.</summary>
public sealed record NccMonitorOptions
{
    /// <summary>Gets the number of classes. Labels are checked against it.</summary>
    /// <value>At least 2, or null. The default is null: the number of classes grows with the labels. On CUDA labels are not copied to the
    /// CPU, and null means the width of the model's output.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 2.</exception>
    public int? ClassCount
    {
        get;
        init => field = value is null or >= 2
            ? value
            : throw new ArgumentOutOfRangeException(nameof(ClassCount), value, "Must be at least 2, or null.");
    }

    /// <summary>Gets the names of the layers to watch; <c>*</c> matches any characters, <c>?</c> matches one.</summary>
    /// <value>
    /// Patterns match linear layers and convolutions. A name without wildcards can also be that of any other module, whose first result
    /// tensor is then watched. The default is empty: all linear layers and convolutions. A name that matches no layer is an error when the
    /// options are used.
    /// </value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public IReadOnlyList<string> Include { get; init => field = value ?? throw new ArgumentNullException(nameof(Include)); } = [];

    /// <summary>Gets the names of the layers not to watch, as patterns. The default is none.</summary>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public IReadOnlyList<string> Exclude { get; init => field = value ?? throw new ArgumentNullException(nameof(Exclude)); } = [];

    /// <summary>Gets where features are taken. The default is <see cref="FeaturePoint.Auto"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a defined feature point.</exception>
    public FeaturePoint FeaturePoint { get; init => field = OptionCheck.Defined(value, nameof(FeaturePoint)); }

    /// <summary>Gets how outputs are reduced to one vector per sample. The default is <see cref="FeaturePooling.Auto"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a defined pooling.</exception>
    public FeaturePooling Pooling { get; init => field = OptionCheck.Defined(value, nameof(Pooling)); }

    /// <summary>
    /// Gets n, where one in n batches is scored, drawn with <see cref="Seed"/>. Every batch enters the class means.
    /// </summary>
    /// <value>
    /// At least 1, which scores all batches. The default is 4. With more than 1,000 classes, n is multiplied by the number of thousands of
    /// classes, rounded up.
    /// </value>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int ScoreEvery
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(ScoreEvery), value, "Must be at least 1.");
    } = 4;

    /// <summary>Gets the seed with which the scored batches are drawn. The default is 0.</summary>
    public long Seed { get; init; }

    /// <summary>Gets the minimum number of samples to score per epoch, if the epoch has that many. In short epochs, more batches are scored
    /// than <see cref="ScoreEvery"/> says.</summary>
    /// <value>At least 0. The default is 2000.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public long MinimumScored
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(MinimumScored), value, "Must not be negative.");
    } = 2000;

    /// <summary>Gets which metrics are computed and reported besides the error.</summary>
    /// <value>The default is those that cost next to nothing in the step: <see cref="CollapseMetricSet.Means"/>,
    /// <see cref="CollapseMetricSet.SelfDuality"/> and <see cref="CollapseMetricSet.Agreement"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value has bits that are not in <see cref="CollapseMetricSet"/>.</exception>
    public CollapseMetricSet Metrics
    {
        get;
        init => field = (value & ~CollapseMetricSet.All) == 0
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Metrics), value, "Must be a combination of CollapseMetricSet values.");
    } = CollapseMetricSet.Means | CollapseMetricSet.SelfDuality | CollapseMetricSet.Agreement;

    /// <summary>Gets the number of classes above which metrics over pairs of classes, whose cost is quadratic, are left out.</summary>
    /// <value>At least 0. The default is 1000.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int PairwiseClassLimit
    {
        get;
        init => field = value >= 0
            ? value
            : throw new ArgumentOutOfRangeException(nameof(PairwiseClassLimit), value, "Must not be negative.");
    } = 1000;

    /// <summary>Gets what happens to samples with NaN or infinite features. The default is
    /// <see cref="NonFinitePolicy.LeaveOut"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a defined policy.</exception>
    public NonFinitePolicy NonFinite { get; init => field = OptionCheck.Defined(value, nameof(NonFinite)); }

    /// <summary>
    /// Gets how many bytes of features may wait for their labels. Above this limit, the oldest forwards are discarded and counted as
    /// unlabeled.
    /// </summary>
    /// <value>At least 1. The default is 512 MiB. The last forward is always kept.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public long MaxPendingBytes
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(MaxPendingBytes), value, "Must be at least 1.");
    } = 512L << 20;

    /// <summary>Gets the label of samples or positions without a class, which are left out.</summary>
    /// <value>Any number, or null for none. The default is -100, as in <c>cross_entropy</c>.</value>
    public long? IgnoreIndex { get; init; } = -100;

    /// <summary>
    /// Gets the function that picks the class scores from the model's result, for NC4 and, on CUDA, for the number of classes.
    /// </summary>
    /// <value>
    /// The function receives the result (a tensor, a tuple, a dictionary, an object) and returns the tensor, or null. The default is null:
    /// the only floating-point tensor in the result is taken, or, if there are several, the one that the last linear layer returned, or the
    /// only one with width <see cref="ClassCount"/>. NC4 is null if none is found.
    /// </value>
    public Func<object, Tensor?>? Logits { get; init; }

    /// <summary>Gets the function that says which tokens of a padded batch count in token means.</summary>
    /// <value>
    /// The function receives the model's input tensors in order. It returns a tensor (samples, tokens) that is not zero where a token
    /// counts, or null if all tokens count. It is called during the forward. The default is null: all tokens count.
    /// </value>
    public Func<IReadOnlyList<Tensor>, Tensor?>? TokenMask { get; init; }

    /// <summary>Gets whether sums on CUDA are computed in a fixed order (with products instead of atomic additions), so that runs repeat
    /// bit for bit.</summary>
    /// <value>The default is false. On the CPU the order is always fixed.</value>
    public bool Deterministic { get; init; }

    /// <summary>Gets whether a sample is left out of the center of its own class when errors are measured.</summary>
    /// <value>The default is true. False is for comparison with published errors; it flatters small classes: ten samples of noise per class
    /// then look collapsed.</value>
    public bool LeaveOneOut { get; init; } = true;

    /// <summary>Gets the group of processes that together train copies of one model, each on its own batches.</summary>
    /// <value>
    /// The default is null: only this process. Otherwise all ranks call <see cref="NccMonitor.EndEpoch"/> together, and its report covers
    /// the samples of all ranks; <see cref="NccMonitor.Compute"/> and
    /// <c>Evaluate</c> cover only this rank's samples.
    /// </value>
    public ICollective? Collective { get; init; }

    /// <summary>Gets whether tensors on the CPU take the device path too, so that tests without a device see it.</summary>
    internal bool AlwaysAsOnDevice { get; init; }

    /// <summary>Gets whether, on that path, labels are read at once, as labels on the CPU are where features are on CUDA.</summary>
    internal bool AlwaysReadLabels { get; init; }

    /// <summary>Gets whether a model none of whose layers can be seen is an error at its first forward.</summary>
    internal bool RequiresLayers { get; init; }

    /// <summary>What a party that observes forwards needs to know.</summary>
    internal ObservationOptions Observation => new()
    {
        ClassCount = ClassCount,
        IgnoreIndex = IgnoreIndex,
        MaxPendingBytes = MaxPendingBytes,
        Logits = Logits,
        TokenMask = TokenMask,
        Kind = Pooling switch
        {
            FeaturePooling.Auto => LabelKind.Unknown,
            FeaturePooling.EachPosition => LabelKind.PerPosition,
            _ => LabelKind.PerSample,
        },
        FindHeads = (Metrics & ~CollapseMetricSet.Agreement) != 0,
        TakeHeadInputs = (Metrics & ~CollapseMetricSet.Agreement) != 0 && Include.Count == 0,
        RequiresLayers = RequiresLayers,
    };
}
