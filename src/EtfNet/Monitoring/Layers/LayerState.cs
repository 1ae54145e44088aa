using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>What is known of one layer: this epoch's statistics and scores, and the centers of the epoch before.</summary>
internal sealed class LayerState(NccMonitorOptions options) : IDisposable
{
    private const double OpenShare = 0.005;

    private readonly bool _tracksScatter = options.Metrics.HasFlag(CollapseMetricSet.Variability);
    private DeviceSums? _device;
    private bool _deviceHasSamples;
    private int _stride = 1;

    /// <summary>Batches taken in this epoch: an <c>Observe</c> each, however many forwards it labeled.</summary>
    [State(MergeRule.Sum, AtLeast = 0)]
    public int Batches { get; set; }

    /// <summary>Batches of the epoch that <see cref="Previous"/> is of.</summary>
    [State(AtLeast = 0)]
    public int PreviousBatches { get; set; }

    /// <summary>Whether statistics are of the layer's own output, because the normalization behind it is not always the same.</summary>
    [State]
    public bool HasLostItsNorm { get; set; }

    public ClassStatistics? Current { get; set; }

    /// <summary>The statistics that <see cref="Lagged"/> were made of.</summary>
    [State]
    public ClassStatistics? Previous { get; set; }

    public ClassCenters? Lagged { get; private set; }

    [State(MergeRule.Each)]
    public ScoreCounts Scores { get; } = new();

    /// <summary>How much of a sample's own deviation is in the centers of the epoch before.</summary>
    [State(MergeRule.Each)]
    public ReturningShare Returning { get; } = new();

    [State(MergeRule.Sum, AtLeast = 0)]
    public long NonFinite { get; set; }

    /// <summary>Whether some of this epoch's features were on a device.</summary>
    [State(MergeRule.Max)]
    public bool WasOnDevice { get; set; }

    /// <summary>What went wrong with this layer's features in this epoch.</summary>
    [State(MergeRule.First)]
    public string? Problem { get; set; }

    /// <summary>This epoch's statistics where they have samples; others may be of another width.</summary>
    [State(MergeRule.Each, Name = "current")]
    private ClassStatistics? Gathered
    {
        get => Current is { Total: > 0 } current ? current : null;
        set => Current = value;
    }

    /// <summary>The number of features of this epoch's samples; null where there is none yet.</summary>
    public int? Width =>
        _device is { } device && _deviceHasSamples ? device.Width : Current is { Total: > 0 } current ? current.Width : null;

    /// <summary>A batch begins: says whether it is scored.</summary>
    public bool BeginBatch(int epoch) => ScoringDraw.IsScored(options.Seed, epoch, Batches++, _stride);

    /// <summary>Takes in what a forward showed.</summary>
    /// <param name="features">Samples x width, contiguous; where this epoch has a width already, of that.</param>
    /// <param name="labels">Their labels.</param>
    /// <param name="score">Whether the batch is scored.</param>
    /// <param name="predictions">The model's predictions, or null.</param>
    /// <param name="classCount">On a device, the number of classes to make room for.</param>
    public void Add(Tensor features, BatchLabels labels, bool score, Predictions? predictions, Func<int> classCount)
    {
        score &= Lagged?.Width == features.shape[1];
        if (IsOnDevice(features, options))
        {
            AddOnDevice(features, labels, predictions, score, classCount());
            return;
        }

        // A model that moved off a device takes what was gathered there along.
        DropDevice();
        using var converted = FeatureRows.Convert(features);
        var rows = FeatureRows.View(converted ?? features);
        var current = Prepare(rows.Width);
        if (score)
            Score(rows, labels.Groups.Labels, Lagged!, predictions?.Values);
        NonFinite += current.Add(rows, labels.Groups);
        Returning.Add(rows, labels.Groups);
    }

    public static bool IsOnDevice(Tensor tensor, NccMonitorOptions options) =>
        tensor.device_type == DeviceType.CUDA || options.AlwaysAsOnDevice;

    /// <summary>This epoch's statistics, of a width; what an earlier epoch left is replaced if it is of another kind.</summary>
    public ClassStatistics Prepare(int width) =>
        Current is { } current && (current.Total > 0 || (current.Width == width && current.TracksScatter == _tracksScatter))
            ? current
            : Current = new ClassStatistics(width, _tracksScatter);

    /// <summary>Brings over what lies on a device, waiting for it.</summary>
    public void Flush() => _device?.Flush(this);

    /// <summary>The share of wrong samples; null where none was scored.</summary>
    public double? NccError => Scores.Scored > 0 ? (double)Wrong / Scores.Scored : null;

    /// <summary>
    /// Whether a share of the decisions that matters was left to the rounding of float32: on a device they cannot be made again.
    /// </summary>
    public bool IsOpen => WasOnDevice && Scores.WithinRounding > OpenShare * Scores.Scored;

    /// <summary>Scored samples nearer to another class's center, themselves left out of their own as far as they are in it.</summary>
    public long Wrong => options.LeaveOneOut ? Scores.WrongAt(Returning.Value) : Scores.Wrong;

    /// <summary>Makes this epoch's statistics the next one's centers.</summary>
    public void EndEpoch()
    {
        Flush();
        if (Current is { Total: > 0 } finished)
        {
            Returning.EndEpoch(finished);
            (Current, Previous) = (Previous, finished);
            if (Current?.Width != finished.Width || Current.TracksScatter != _tracksScatter)
                Current = null;
            Current?.Reset();
            PreviousBatches = Batches;
            MakeCenters();
        }

        DeclaredState.Reset(Scores);
        DeclaredState.Reset(this);
        _deviceHasSamples = false;
    }

    /// <summary>Makes the centers of <see cref="Previous"/>, and sets how many batches must be scored for the asked number of
    /// samples.</summary>
    public void MakeCenters()
    {
        Lagged = Previous is { Total: > 0 } previous ? ClassCenters.Create(previous, options.LeaveOneOut) : null;
        _stride = ScoringDraw.Stride(options, Previous?.Total ?? 0, PreviousBatches, Lagged?.Classes.Length ?? 0);
        _device?.SetCenters(Lagged?.Width == _device.Width ? Previous : null, Returning);
    }

    public void Dispose() => _device?.Dispose();

    private void DropDevice()
    {
        if (_device is null)
            return;
        _device.Flush(this);
        _device.Dispose();
        (_device, _deviceHasSamples) = (null, false);
    }

    private void AddOnDevice(Tensor features, BatchLabels labels, Predictions? predictions, bool scores, int classCount)
    {
        if (_device is not null && (!TensorDevice.Is(features, _device.Device) || _device.Width != features.shape[1]))
            DropDevice();
        if (_device is null)
        {
            _device = new DeviceSums((int)features.shape[1], Math.Max(classCount, Previous?.ClassCount ?? 0), features.device, options);
            _device.SetCenters(Lagged?.Width == features.shape[1] ? Previous : null, Returning);
        }

        (WasOnDevice, _deviceHasSamples) = (true, true);
        _device.Grow(classCount);
        _device.Add(features, labels.On(features.device), labels.IgnoreIndex, scores, scores ? predictions?.Classes : null);
    }

    private void Score(FeatureRows features, int[] labels, ClassCenters centers, ReadOnlySpan<int> predictions)
    {
        var nearest = predictions.IsEmpty ? null : new int[labels.Length];
        var turns = options.LeaveOneOut ? new float[labels.Length] : null;
        var score = NearestClassCenter.Score(features, labels, centers, nearest, Previous, turns: turns);
        Scores.Add(score, turns);
        Scores.Compare(nearest, predictions);
    }
}
