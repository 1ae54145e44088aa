namespace EtfNet;

/// <summary>What a <see cref="NccMonitor"/> watches, and how.</summary>
public sealed record NccMonitorOptions
{
    /// <summary>Gets the number of classes; labels are checked against it.</summary>
    /// <value>At least 2, or null to grow with the labels. The default is null. On CUDA labels are not read back, and null stands for the width of the model's output.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 2.</exception>
    public int? ClassCount
    {
        get;
        init => field = value is null or >= 2 ? value : throw new ArgumentOutOfRangeException(nameof(ClassCount), value, "Must be at least 2, or null.");
    }

    /// <summary>Gets the names of the layers to watch: <c>*</c> stands for any characters, <c>?</c> for one.</summary>
    /// <value>
    /// Patterns choose among the linear and convolution layers; a name without wildcards also takes a module of any other kind, whose first result tensor is watched. The
    /// default, null, is all linear and convolution layers.
    /// </value>
    public IReadOnlyList<string>? Include { get; init; }

    /// <summary>Gets the names of layers not to watch, as patterns. The default is none.</summary>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public IReadOnlyList<string> Exclude { get; init => field = value ?? throw new ArgumentNullException(nameof(Exclude)); } = [];

    /// <summary>Gets where features are taken. The default is <see cref="FeaturePoint.Auto"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is no feature point.</exception>
    public FeaturePoint FeaturePoint { get; init => field = Defined(value, nameof(FeaturePoint)); }

    /// <summary>Gets how outputs become one vector a sample. The default is <see cref="FeaturePooling.Auto"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is no pooling.</exception>
    public FeaturePooling Pooling { get; init => field = Defined(value, nameof(Pooling)); }

    /// <summary>Gets which batches are scored: one in so many. Every batch enters the class means.</summary>
    /// <value>At least 1, which scores all. The default is 4.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int ScoreEvery
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(ScoreEvery), value, "Must be at least 1.");
    } = 4;

    /// <summary>Gets the number of samples that an epoch should score at least, where it has so many: short epochs are scored more often than <see cref="ScoreEvery"/> says.</summary>
    /// <value>At least 0. The default is 2000.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public long MinimumScored
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(MinimumScored), value, "Must not be negative.");
    } = 2000;

    /// <summary>Gets which metrics beside the error are gathered and reported.</summary>
    /// <value>The default is those that cost nothing in the step: <see cref="CollapseMetricSet.Means"/>, <see cref="CollapseMetricSet.SelfDuality"/> and <see cref="CollapseMetricSet.Agreement"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value has other bits than those of <see cref="CollapseMetricSet"/>.</exception>
    public CollapseMetricSet Metrics
    {
        get;
        init => field = (value & ~CollapseMetricSet.All) == 0 ? value : throw new ArgumentOutOfRangeException(nameof(Metrics), value, "Must be made of CollapseMetricSet.");
    } = CollapseMetricSet.Means | CollapseMetricSet.SelfDuality | CollapseMetricSet.Agreement;

    /// <summary>Gets the number of classes above which metrics over pairs of classes, quadratic in it, are left out.</summary>
    /// <value>At least 0. The default is 1000.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int PairwiseClassLimit
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(PairwiseClassLimit), value, "Must not be negative.");
    } = 1000;

    /// <summary>Gets what happens to samples with NaN or infinite features. The default is <see cref="NonFinitePolicy.LeaveOut"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is no policy.</exception>
    public NonFinitePolicy NonFinite { get; init => field = Defined(value, nameof(NonFinite)); }

    /// <summary>Gets how many forwards may wait for their labels; at one more, the oldest is let go and counted as unlabeled.</summary>
    /// <value>At least 1. The default is 16. Waiting forwards hold their features.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int MaxPendingForwards
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(MaxPendingForwards), value, "Must be at least 1.");
    } = 16;

    /// <summary>Gets whether sums on CUDA are made in a fixed order (by products instead of atomic additions), so that runs repeat bit by bit.</summary>
    /// <value>The default is false. On the CPU the order is always fixed.</value>
    public bool Deterministic { get; init; }

    /// <summary>Gets whether a sample is left out of its own center.</summary>
    /// <value>The default is true. False, for comparison with published errors, flatters small classes: ten samples of noise per class score as collapsed.</value>
    public bool LeaveOneOut { get; init; } = true;

    /// <summary>Gets whether the way for devices is taken on the CPU as well: lets tests without a device see it.</summary>
    internal bool AlwaysAsOnDevice { get; init; }

    private static T Defined<T>(T value, string name)
        where T : struct, Enum => Enum.IsDefined(value) ? value : throw new ArgumentOutOfRangeException(name, value, $"Must be one of {typeof(T).Name}.");
}
