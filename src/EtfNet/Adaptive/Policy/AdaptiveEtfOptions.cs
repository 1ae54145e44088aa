using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>When a layer is fixed, as what, and which layers are looked at.</summary>
/// <remarks>Source: Liu, arXiv 2412.00884 (Adaptive-ETF). The defaults are the policy that measured best with and without batch
/// norm.</remarks>
public sealed partial record AdaptiveEtfOptions
{
    /// <summary>Gets the paper's own rule: every layer that is ready at once, replaced by the identity frame, its outputs not
    /// matched.</summary>
    /// <value>As the default, but Order Independent, MaxPerEpoch, MaxOutputError, MaxErrorRise, MaxLossRise, MaxCalibrationShare unlimited,
    /// Frame Identity, MatchOutputs false.</value>
    public static AdaptiveEtfOptions Paper { get; } = new()
    {
        Order = FixOrder.Independent,
        MaxPerEpoch = int.MaxValue,
        MaxOutputError = double.PositiveInfinity,
        MaxErrorRise = double.PositiveInfinity,
        MaxLossRise = double.PositiveInfinity,
        MaxCalibrationShare = double.PositiveInfinity,
        Frame = EtfFrame.Identity,
        MatchOutputs = false,
        RequireConfidence = false,
    };

    /// <summary>Gets the nearest-class-center error at or below which a layer is ready to be fixed.</summary>
    /// <value>A fraction of samples in (0, 1). The default is 0.05.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value lies outside (0, 1).</exception>
    public double Epsilon
    {
        get;
        init => field = value is > 0 and < 1 ? value : throw new ArgumentOutOfRangeException(nameof(Epsilon), value, "Must lie in (0, 1).");
    } = 0.05;

    /// <summary>
    /// Gets how far a layer's error may be above the last layer's for the layer to be ready as well: for tasks on which no error falls to
    /// <see cref="Epsilon"/> while the network still learns.
    /// </summary>
    /// <value>
    /// A difference of errors in (0, 1). The default, null, asks for <see cref="Epsilon"/> alone. It counts only while the last layer's own
    /// error is at or below <see cref="RelativeBound"/>, and not in the first <see cref="RelativeWarmupEpochs"/>.
    /// </value>
    /// <exception cref="ArgumentOutOfRangeException">The value lies outside (0, 1).</exception>
    public double? RelativeEpsilon
    {
        get;
        init => field = value is null or (> 0 and < 1)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(RelativeEpsilon), value, "Must lie in (0, 1), or be null.");
    }

    /// <summary>Gets the last layer's error up to which <see cref="RelativeEpsilon"/> counts: above it the network has not learned
    /// enough.</summary>
    /// <value>A fraction of samples in (0, 1). The default is 0.3.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value lies outside (0, 1).</exception>
    public double RelativeBound
    {
        get;
        init => field = value is > 0 and < 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(RelativeBound), value, "Must lie in (0, 1).");
    } = 0.3;

    /// <summary>Gets for how many epochs <see cref="RelativeEpsilon"/> does not count: early on all late layers are equally bad.</summary>
    /// <value>At least 0. The default is 10.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int RelativeWarmupEpochs
    {
        get;
        init => field = value >= 0
            ? value
            : throw new ArgumentOutOfRangeException(nameof(RelativeWarmupEpochs), value, "Must be at least 0.");
    } = 10;

    /// <summary>Gets for how many epochs in a row the error must be at or below epsilon.</summary>
    /// <value>At least 1. The default is 1.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int Patience
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(Patience), value, "Must be at least 1.");
    } = 1;

    /// <summary>Gets for how many epochs nothing is fixed.</summary>
    /// <value>At least 0. The default is 0.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int WarmupEpochs
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(WarmupEpochs), value, "Must be at least 0.");
    }

    /// <summary>Gets which of the ready layers is fixed first.</summary>
    /// <value>The default is <see cref="FixOrder.LatestFirst"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is no order.</exception>
    public FixOrder Order { get; init => field = OptionCheck.Defined(value, nameof(Order)); }

    /// <summary>Gets how many layers are fixed at the end of one epoch at the most.</summary>
    /// <value>At least 1. The default is 2.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int MaxPerEpoch
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(MaxPerEpoch), value, "Must be at least 1.");
    } = 2;

    /// <summary>Gets how far a frame's outputs may be from the layer's, |W h - s E h| / |W h| over a calibration sample; a layer above it
    /// waits.</summary>
    /// <value>Above 0; infinity sets no limit. The default is 0.75. Outputs are compared behind a normalization that takes exactly
    /// them.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not above 0.</exception>
    public double MaxOutputError
    {
        get;
        init => field = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(MaxOutputError), value, "Must be above 0.");
    } = 0.75;

    /// <summary>Gets how much the nearest-class-center error of the model's output over the calibration sample may rise by a fix; a
    /// layer that would cost more waits.</summary>
    /// <value>A fraction, above 0; infinity sets no limit. The default is 0.05. Not used where the output is not one row a label.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not above 0.</exception>
    public double MaxErrorRise
    {
        get;
        init => field = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(MaxErrorRise), value, "Must be above 0.");
    } = 0.05;

    /// <summary>Gets by what share the network's loss over the calibration sample may rise by the fixes of one epoch; a layer that would
    /// cost more waits.</summary>
    /// <value>
    /// Above 0; infinity sets no limit. The default is 0.1, and a rise below 0.001 never counts; a standard error of the rise over the
    /// sample counts as rise. The loss is the cross entropy of the model's output against the labels; it is not used where the
    /// output is no logits: not one row per label, or not a column per class that predicts the labels.
    /// </value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not above 0.</exception>
    public double MaxLossRise
    {
        get;
        init => field = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(MaxLossRise), value, "Must be above 0.");
    } = 0.1;

    /// <summary>Gets the frame that takes a layer's place.</summary>
    /// <value>The default, null, is <see cref="EtfFrame.Aligned(int)"/> with at least twice as many directions as there are classes (31 for
    /// 10), Nearest where that saves nothing.</value>
    public EtfFrame? Frame { get; init; }

    /// <summary>Gets whether the frame's scale and the bias are set by least squares to reproduce the layer's outputs.</summary>
    /// <value>The default is true. False: scale 1, and the bias as it was.</value>
    public bool MatchOutputs { get; init; } = true;

    /// <summary>Gets where the errors come from.</summary>
    /// <value>The default is <see cref="FixDecision.Online"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is no decision.</exception>
    public FixDecision Decision { get; init => field = OptionCheck.Defined(value, nameof(Decision)); }

    /// <summary>Gets whether the upper end of the error's 95% interval must be at or below epsilon, instead of the error alone.</summary>
    /// <value>The default, null, asks it of an error of fewer than 1,000 samples, which may lie at or below epsilon by chance.</value>
    public bool? RequireConfidence { get; init; }

    /// <summary>Gets the number of classes; labels outside 0 to ClassCount - 1 are then an error.</summary>
    /// <value>At least 2. The default, null, takes the classes from the labels as they come.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 2.</exception>
    public int? ClassCount
    {
        get;
        init => field = value is null or >= 2
            ? value
            : throw new ArgumentOutOfRangeException(nameof(ClassCount), value, "Must be at least 2.");
    }

    /// <summary>Gets the layers that may be fixed, as names with <c>*</c> and <c>?</c>.</summary>
    /// <value>The default, empty, stands for all linear layers of the model. A name that matches none is an error when the options are
    /// used.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public IReadOnlyList<string> Include { get; init => field = value ?? throw new ArgumentNullException(nameof(Include)); } = [];

    /// <summary>
    /// Gets the layers that may not be fixed, as names with <c>*</c> and <c>?</c>; stronger than <see cref="Include"/>. They are not
    /// watched either and cost nothing.
    /// </summary>
    /// <value>The default is empty.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public IReadOnlyList<string> Exclude { get; init => field = value ?? throw new ArgumentNullException(nameof(Exclude)); } = [];

    /// <summary>Gets where a layer's features are taken.</summary>
    /// <value>The default is <see cref="FeaturePoint.Auto"/>: after the normalization and activation that follow the layer, where the model
    /// shows them.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is no feature point.</exception>
    public FeaturePoint FeaturePoint { get; init => field = OptionCheck.Defined(value, nameof(FeaturePoint)); }

    /// <summary>Gets how feature maps and token sequences become one vector a sample.</summary>
    /// <value>The default is <see cref="FeaturePooling.Auto"/>.</value>
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

    /// <summary>
    /// Gets the number of samples that an epoch should score at least, where it has so many: short epochs are scored more often than
    /// <see cref="ScoreEvery"/> says.
    /// </summary>
    /// <value>At least 0. The default is 2000.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public long MinimumScored
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(MinimumScored), value, "Must not be negative.");
    } = 2000;

    /// <summary>Gets the seed by which the scored batches, and those kept for calibration, are drawn. The default is 0.</summary>
    public long Seed { get; init; }

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

    /// <summary>Gets how the class scores are picked from what the model returns: on CUDA their width is the number of classes.</summary>
    /// <value>As <see cref="NccMonitorOptions.Logits"/>. The default, null, finds them.</value>
    public Func<object, Tensor?>? Logits { get; init; }

    /// <summary>Gets which tokens of a padded batch count in token means.</summary>
    /// <value>As <see cref="NccMonitorOptions.TokenMask"/>. The default, null, counts all tokens.</value>
    public Func<IReadOnlyList<Tensor>, Tensor?>? TokenMask { get; init; }

    /// <summary>Gets whether sums on CUDA are made in a fixed order, so that runs repeat bit by bit. The default is false.</summary>
    public bool Deterministic { get; init; }

    /// <summary>Gets how many of an epoch's samples are kept to calibrate a frame, and to measure in
    /// <see cref="FixDecision.Exact"/>.</summary>
    /// <value>At least 64. The default is 2048; at most 64 MiB of model inputs, and what <see cref="MaxCalibrationShare"/> allows.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 64.</exception>
    public int CalibrationSamples
    {
        get;
        init => field = value >= 64
            ? value
            : throw new ArgumentOutOfRangeException(nameof(CalibrationSamples), value, "Must be at least 64.");
    } = 2048;

    /// <summary>Gets the guard that takes back a fix that cost too much.</summary>
    /// <value>The default, null, is no guard.</value>
    public FixGuardOptions? Guard { get; init; }

    /// <summary>Gets the processes that train copies of one model together, each on batches of its own.</summary>
    /// <value>
    /// The default, null, is this process alone. Otherwise all ranks make the scheduler and call <c>ReduceGradients</c>, <c>EndEpoch</c>,
    /// <c>Revert</c> and <c>Restore</c> together; rank 0 decides by the samples of all. Dispose the group after the scheduler.
    /// </value>
    public ICollective? Collective { get; init; }

    /// <summary>Gets how many bytes of gradients are summed over the ranks at a time.</summary>
    /// <value>From 8 bytes to 1 GiB. The default is 25 MiB. Used with <see cref="Collective"/> only.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public long GradientBucketBytes
    {
        get;
        init => field = value is >= sizeof(double) and <= 1 << 30
            ? value
            : throw new ArgumentOutOfRangeException(nameof(GradientBucketBytes), value, "Must lie between 8 bytes and 1 GiB.");
    } = GradientReducer.DefaultBucketBytes;

    /// <summary>Gets where messages go.</summary>
    /// <value>The default, null, is nowhere.</value>
    public ILogger? Logger { get; init; }

    /// <summary>Gets whether errors leave a sample out of its own center.</summary>
    /// <value>The default is true. False, for comparison with published errors, flatters small classes: ten samples of noise per class
    /// score as collapsed.</value>
    public bool LeaveOneOut { get; init; } = true;
}
