using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>When a layer is fixed, with which frame, and which layers are watched.</summary>
/// <remarks>Source: Liu, arXiv 2412.00884 (Adaptive-ETF). The defaults are the policy that did best in measurements with and without batch
/// norm.</remarks>
public sealed partial record AdaptiveEtfOptions
{
    /// <summary>Gets the paper's own rule: all layers that are ready are replaced at once by the identity frame, whose outputs are not
    /// matched to the layer's.</summary>
    /// <value>The defaults, with these changes: Order is Independent; MaxPerEpoch, MaxOutputError, MaxErrorRise, MaxLossRise and
    /// MaxCalibrationShare are unlimited; Frame is Identity; MatchOutputs and RequireConfidence are false.</value>
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

    /// <summary>Gets the amount by which a layer's error may exceed the last layer's error for the layer still to be ready. Use it for
    /// tasks on which no error falls to <see cref="Epsilon"/> while the network still learns.</summary>
    /// <value>A difference of errors in (0, 1). The default is null: only <see cref="Epsilon"/> decides. A value has an effect only while
    /// the last layer's own error is at or below <see cref="RelativeBound"/>, and not in the first
    /// <see cref="RelativeWarmupEpochs"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value lies outside (0, 1).</exception>
    public double? RelativeEpsilon
    {
        get;
        init => field = value is null or (> 0 and < 1)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(RelativeEpsilon), value, "Must lie in (0, 1), or be null.");
    }

    /// <summary>Gets the last layer's error up to which <see cref="RelativeEpsilon"/> has an effect; above it the network has not learned
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

    /// <summary>Gets the number of first epochs in which <see cref="RelativeEpsilon"/> has no effect, because early in training all late
    /// layers are equally bad.</summary>
    /// <value>At least 0. The default is 10.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int RelativeWarmupEpochs
    {
        get;
        init => field = value >= 0
            ? value
            : throw new ArgumentOutOfRangeException(nameof(RelativeWarmupEpochs), value, "Must be at least 0.");
    } = 10;

    /// <summary>Gets the number of consecutive epochs for which the error must be at or below epsilon.</summary>
    /// <value>At least 1. The default is 1.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int Patience
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(Patience), value, "Must be at least 1.");
    } = 1;

    /// <summary>Gets the number of first epochs in which nothing is fixed.</summary>
    /// <value>At least 0. The default is 0.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int WarmupEpochs
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(WarmupEpochs), value, "Must be at least 0.");
    }

    /// <summary>Gets which of the ready layers is fixed first.</summary>
    /// <value>The default is <see cref="FixOrder.LatestFirst"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a defined order.</exception>
    public FixOrder Order { get; init => field = OptionCheck.Defined(value, nameof(Order)); }

    /// <summary>Gets the maximum number of layers that are fixed per epoch.</summary>
    /// <value>At least 1. The default is 2.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int MaxPerEpoch
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(MaxPerEpoch), value, "Must be at least 1.");
    } = 2;

    /// <summary>Gets the maximum relative output error of a frame, |W h - s E h| / |W h| over a calibration sample. A layer above this
    /// limit waits.</summary>
    /// <value>Above 0; infinity sets no limit. The default is 0.75. If a normalization takes exactly the layer's outputs, its outputs are
    /// compared instead. Statistics are those of the whole calibration sample, also for instance and group norm. Behind batch
    /// norms in evaluation mode, and layer norms over part of a map, the layer's own outputs are compared.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not above 0.</exception>
    public double MaxOutputError
    {
        get;
        init => field = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(MaxOutputError), value, "Must be above 0.");
    } = 0.75;

    /// <summary>Gets the maximum rise of the nearest-class-center error of the model's output that a fix may cause on the calibration
    /// sample. A layer that would cause a larger rise waits.</summary>
    /// <value>A fraction, above 0; infinity sets no limit. The default is 0.05. Not used if the output does not have one row per
    /// label.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not above 0.</exception>
    public double MaxErrorRise
    {
        get;
        init => field = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(MaxErrorRise), value, "Must be above 0.");
    } = 0.05;

    /// <summary>Gets the maximum relative rise of the network's loss that the fixes of one epoch may cause on the calibration sample. A
    /// layer that would cause a larger rise waits.</summary>
    /// <value>Above 0; infinity sets no limit. The default is 0.1, a rise of 10%. An absolute rise below 0.001 never counts; one standard
    /// error of the rise over the sample is added to the rise. The loss is the cross entropy of the model's output and the labels. It is
    /// not used if the output is not logits: if it does not have one row per label, or does not have one column per class that predicts the
    /// labels.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not above 0.</exception>
    public double MaxLossRise
    {
        get;
        init => field = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(MaxLossRise), value, "Must be above 0.");
    } = 0.1;

    /// <summary>Gets the frame that replaces a layer's weight.</summary>
    /// <value>The default, null, is <see cref="EtfFrame.Aligned(int)"/> with at least twice as many directions as there are classes (31 for
    /// 10 classes), or Nearest where an aligned frame would not halve the work of a dense matrix.</value>
    public EtfFrame? Frame { get; init; }

    /// <summary>Gets whether the frame's scale and the bias are fitted to reproduce the layer's outputs: by least squares; for identity and
    /// random frames the scale keeps the norm of the outputs; for the model's classifier, with aligned and nearest frames, by its class
    /// probabilities.</summary>
    /// <value>The default is true. If false, the scale is 1, and the bias stays as it is.</value>
    public bool MatchOutputs { get; init; } = true;

    /// <summary>Gets how the errors are measured.</summary>
    /// <value>The default is <see cref="FixDecision.Online"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a defined decision.</exception>
    public FixDecision Decision { get; init => field = OptionCheck.Defined(value, nameof(Decision)); }

    /// <summary>Gets whether the upper end of the error's 95% interval must be at or below epsilon, instead of the error alone.</summary>
    /// <value>The default is null: the upper end must be at or below epsilon for an error measured on fewer than 1,000 samples, which may
    /// be at or below epsilon by chance.</value>
    public bool? RequireConfidence { get; init; }

    /// <summary>Gets the number of classes. If it is set, labels outside 0 to ClassCount - 1 are an error.</summary>
    /// <value>At least 2. The default is null: the classes are those that occur in the labels.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 2.</exception>
    public int? ClassCount
    {
        get;
        init => field = value is null or >= 2
            ? value
            : throw new ArgumentOutOfRangeException(nameof(ClassCount), value, "Must be at least 2.");
    }

    /// <summary>Gets the layers that may be fixed, as names that may contain <c>*</c> and <c>?</c>.</summary>
    /// <value>The default is empty: all linear layers and convolutions, except the first convolution. A name that matches no layer is an
    /// error when the options are used.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public IReadOnlyList<string> Include { get; init => field = value ?? throw new ArgumentNullException(nameof(Include)); } = [];

    /// <summary>Gets the layers that may not be fixed, as names that may contain <c>*</c> and <c>?</c>. It takes precedence over
    /// <see cref="Include"/>. These layers are not watched either, and cost nothing.</summary>
    /// <value>The default is empty.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public IReadOnlyList<string> Exclude { get; init => field = value ?? throw new ArgumentNullException(nameof(Exclude)); } = [];

    /// <summary>Gets where a layer's features are taken.</summary>
    /// <value>The default is <see cref="FeaturePoint.Auto"/>: after the normalization and activation that follow the layer, where the model
    /// shows them.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a defined feature point.</exception>
    public FeaturePoint FeaturePoint { get; init => field = OptionCheck.Defined(value, nameof(FeaturePoint)); }

    /// <summary>Gets how feature maps and token sequences are reduced to one vector per sample.</summary>
    /// <value>The default is <see cref="FeaturePooling.Auto"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a defined pooling.</exception>
    public FeaturePooling Pooling { get; init => field = OptionCheck.Defined(value, nameof(Pooling)); }

    /// <summary>Gets n, where one in n batches is scored, drawn with <see cref="Seed"/>. Every batch enters the class means.</summary>
    /// <value>At least 1, which scores all batches. The default is 4. With more than 1,000 classes, n is multiplied by the number of
    /// thousands of classes, rounded up.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int ScoreEvery
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(ScoreEvery), value, "Must be at least 1.");
    } = 4;

    /// <summary>Gets the minimum number of samples to score per epoch, if the epoch has that many. In short epochs, more batches are scored
    /// than <see cref="ScoreEvery"/> says.</summary>
    /// <value>At least 0. The default is 2000.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public long MinimumScored
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(MinimumScored), value, "Must not be negative.");
    } = 2000;

    /// <summary>Gets the seed with which the scored batches, and those kept for calibration, are drawn. The default is 0.</summary>
    public long Seed { get; init; }

    /// <summary>Gets how many bytes of features may wait for their labels. Above this limit, the oldest forwards are discarded and counted
    /// as unlabeled.</summary>
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

    /// <summary>Gets the function that picks the class scores from the model's result. On CUDA the width of the scores is the number of
    /// classes.</summary>
    /// <value>As <see cref="NccMonitorOptions.Logits"/>. The default is null: the scores are found automatically.</value>
    public Func<object, Tensor?>? Logits { get; init; }

    /// <summary>Gets the function that says which tokens of a padded batch count in token means.</summary>
    /// <value>As <see cref="NccMonitorOptions.TokenMask"/>. The default is null: all tokens count.</value>
    public Func<IReadOnlyList<Tensor>, Tensor?>? TokenMask { get; init; }

    /// <summary>Gets whether sums on CUDA are computed in a fixed order, so that runs repeat bit for bit. The default is false.</summary>
    public bool Deterministic { get; init; }

    /// <summary>Gets how many samples of an epoch are kept, to calibrate frames and to measure errors with
    /// <see cref="FixDecision.Exact"/>.</summary>
    /// <value>At least 64. The default is 2048. The samples are also limited to 64 MiB of model inputs (one batch is kept whatever its
    /// size), and by <see cref="MaxCalibrationShare"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 64.</exception>
    public int CalibrationSamples
    {
        get;
        init => field = value >= 64
            ? value
            : throw new ArgumentOutOfRangeException(nameof(CalibrationSamples), value, "Must be at least 64.");
    } = 2048;

    /// <summary>Gets the guard that reverts a fix that costs too much.</summary>
    /// <value>The default is null: no guard.</value>
    public FixGuardOptions? Guard { get; init; }

    /// <summary>Gets the group of processes that together train copies of one model, each on its own batches.</summary>
    /// <value>The default is null: only this process. Otherwise all ranks create the scheduler, and call <c>ReduceGradients</c>,
    /// <c>EndEpoch</c>, <c>Revert</c> and <c>Restore</c> together; rank 0 decides with the samples of all ranks. Dispose the group after
    /// the scheduler.</value>
    public ICollective? Collective { get; init; }

    /// <summary>Gets how many bytes of gradients are summed over the ranks per operation.</summary>
    /// <value>From 8 bytes to 1 GiB. The default is 25 MiB. Used with <see cref="Collective"/> only.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public long GradientBucketBytes
    {
        get;
        init => field = value is >= sizeof(double) and <= 1 << 30
            ? value
            : throw new ArgumentOutOfRangeException(nameof(GradientBucketBytes), value, "Must lie between 8 bytes and 1 GiB.");
    } = GradientReducer.DefaultBucketBytes;

    /// <summary>Gets the logger that receives messages.</summary>
    /// <value>The default is null: no messages.</value>
    public ILogger? Logger { get; init; }

    /// <summary>Gets whether a sample is left out of the center of its own class when errors are measured.</summary>
    /// <value>The default is true. False is for comparison with published errors; it flatters small classes: ten samples of noise per class
    /// then look collapsed.</value>
    public bool LeaveOneOut { get; init; } = true;
}
