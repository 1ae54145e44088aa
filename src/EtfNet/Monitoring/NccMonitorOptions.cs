using static TorchSharp.torch;

namespace EtfNet;

/// <summary>What a <see cref="NccMonitor"/> watches, and how.</summary>
public sealed record NccMonitorOptions
{
    /// <summary>Gets the number of classes; labels are checked against it.</summary>
    /// <value>At least 2, or null to grow with the labels. The default is null. On CUDA labels are not read back, and null stands for the
    /// width of the model's output.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 2.</exception>
    public int? ClassCount
    {
        get;
        init => field = value is null or >= 2
            ? value
            : throw new ArgumentOutOfRangeException(nameof(ClassCount), value, "Must be at least 2, or null.");
    }

    /// <summary>Gets the names of the layers to watch: <c>*</c> stands for any characters, <c>?</c> for one.</summary>
    /// <value>
    /// Patterns choose among the linear and convolution layers; a name without wildcards also takes a module of any other kind, whose first
    /// result tensor is watched. The default, empty, stands for all linear and convolution layers. A name that matches none is an error
    /// when
    /// the options are used.
    /// </value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public IReadOnlyList<string> Include { get; init => field = value ?? throw new ArgumentNullException(nameof(Include)); } = [];

    /// <summary>Gets the names of layers not to watch, as patterns. The default is none.</summary>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public IReadOnlyList<string> Exclude { get; init => field = value ?? throw new ArgumentNullException(nameof(Exclude)); } = [];

    /// <summary>Gets where features are taken. The default is <see cref="FeaturePoint.Auto"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is no feature point.</exception>
    public FeaturePoint FeaturePoint { get; init => field = OptionCheck.Defined(value, nameof(FeaturePoint)); }

    /// <summary>Gets how outputs become one vector a sample. The default is <see cref="FeaturePooling.Auto"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is no pooling.</exception>
    public FeaturePooling Pooling { get; init => field = OptionCheck.Defined(value, nameof(Pooling)); }

    /// <summary>
    /// Gets which share of the batches is scored: one in so many, drawn by <see cref="Seed"/>. Every batch enters the class means.
    /// </summary>
    /// <value>
    /// At least 1, which scores all. The default is 4. With more than 1,000 classes, one in as many times more as there are thousands.
    /// </value>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int ScoreEvery
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(ScoreEvery), value, "Must be at least 1.");
    } = 4;

    /// <summary>Gets the seed by which the scored batches are drawn. The default is 0.</summary>
    public long Seed { get; init; }

    /// <summary>Gets the number of samples that an epoch should score at least, where it has so many: short epochs are scored more often
    /// than <see cref="ScoreEvery"/> says.</summary>
    /// <value>At least 0. The default is 2000.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public long MinimumScored
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(MinimumScored), value, "Must not be negative.");
    } = 2000;

    /// <summary>Gets which metrics beside the error are gathered and reported.</summary>
    /// <value>The default is those that cost nothing in the step: <see cref="CollapseMetricSet.Means"/>,
    /// <see cref="CollapseMetricSet.SelfDuality"/> and <see cref="CollapseMetricSet.Agreement"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value has other bits than those of <see cref="CollapseMetricSet"/>.</exception>
    public CollapseMetricSet Metrics
    {
        get;
        init => field = (value & ~CollapseMetricSet.All) == 0
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Metrics), value, "Must be made of CollapseMetricSet.");
    } = CollapseMetricSet.Means | CollapseMetricSet.SelfDuality | CollapseMetricSet.Agreement;

    /// <summary>Gets the number of classes above which metrics over pairs of classes, quadratic in it, are left out.</summary>
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
    /// <exception cref="ArgumentOutOfRangeException">The value is no policy.</exception>
    public NonFinitePolicy NonFinite { get; init => field = OptionCheck.Defined(value, nameof(NonFinite)); }

    /// <summary>
    /// Gets how many bytes of features may wait for their labels; above that, the oldest forwards are let go and counted as unlabeled.
    /// </summary>
    /// <value>At least 1. The default is 512 MiB. The last forward is always kept.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public long MaxPendingBytes
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(MaxPendingBytes), value, "Must be at least 1.");
    } = 512L << 20;

    /// <summary>Gets the label that marks a sample or position without a class: it is left out.</summary>
    /// <value>Any number, or null for none. The default is -100, as in <c>cross_entropy</c>.</value>
    public long? IgnoreIndex { get; init; } = -100;

    /// <summary>
    /// Gets how the class scores are picked from what the model returns, for NC4 and, on CUDA, for the number of classes.
    /// </summary>
    /// <value>
    /// Gets the result (a tensor, a tuple, a dictionary, an object) and gives the tensor, or null. The default, null, takes the only
    /// floating-point tensor in it, or of several the one that the last linear layer gave, or the only one that is <see cref="ClassCount"/>
    /// wide; NC4 is null where none is found.
    /// </value>
    public Func<object, Tensor?>? Logits { get; init; }

    /// <summary>Gets which tokens of a padded batch count in token means.</summary>
    /// <value>
    /// Gets the model's input tensors in order and gives a tensor (samples, tokens), not zero where a token counts, or null where all do.
    /// Called in the forward. The default, null, counts all tokens.
    /// </value>
    public Func<IReadOnlyList<Tensor>, Tensor?>? TokenMask { get; init; }

    /// <summary>Gets whether sums on CUDA are made in a fixed order (by products instead of atomic additions), so that runs repeat bit by
    /// bit.</summary>
    /// <value>The default is false. On the CPU the order is always fixed.</value>
    public bool Deterministic { get; init; }

    /// <summary>Gets whether a sample is left out of its own center.</summary>
    /// <value>The default is true. False, for comparison with published errors, flatters small classes: ten samples of noise per class
    /// score as collapsed.</value>
    public bool LeaveOneOut { get; init; } = true;

    /// <summary>Gets the processes that train copies of one model together, each on batches of its own.</summary>
    /// <value>
    /// The default, null, is this process alone. Otherwise <see cref="NccMonitor.EndEpoch"/> is a call that all ranks make, and its report
    /// is
    /// that of the samples of all ranks; <see cref="NccMonitor.Compute"/> and
    /// <see cref="NccMonitor.Evaluate(IEnumerable{ValueTuple{Tensor, Tensor}})"/>
    /// speak of this rank's samples alone.
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
