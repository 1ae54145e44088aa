using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>What is known of one layer: this epoch's statistics and scores, and the centers of the epoch before.</summary>
internal sealed class LayerState(NccMonitorOptions options) : IDisposable
{
    private DeviceSums? _device;
    private int _stride = options.ScoreEvery;

    /// <summary>Batches taken in this epoch.</summary>
    public int Batches { get; set; }

    public ClassStatistics? Current { get; set; }

    /// <summary>The statistics that <see cref="Lagged"/> were made of.</summary>
    public ClassStatistics? Previous { get; set; }

    public ClassCenters? Lagged { get; private set; }

    public long Scored { get; set; }

    public long Wrong { get; set; }

    public long NonFinite { get; set; }

    /// <summary>Samples whose nearest center was compared with the model's prediction, and how many differed.</summary>
    public long Compared { get; set; }

    public long Differing { get; set; }

    /// <summary>What went wrong with this layer's features in this epoch.</summary>
    public string? Problem { get; set; }

    /// <summary>The number of features, once some were seen.</summary>
    public int? Width => Current?.Width ?? _device?.Width;

    /// <summary>Takes a batch in.</summary>
    /// <param name="features">Samples x width, contiguous.</param>
    /// <param name="labels">Their labels.</param>
    /// <param name="predictions">The model's predictions, or null.</param>
    /// <param name="classCount">On a device, the number of classes to make room for.</param>
    public void Add(Tensor features, BatchLabels labels, Predictions? predictions, Func<int> classCount)
    {
        var scores = Batches++ % _stride == 0 && Lagged?.Width == features.shape[1];
        if (IsOnDevice(features, options))
        {
            AddOnDevice(features, labels, predictions, scores, classCount());
            return;
        }

        using var converted = FeatureRows.Convert(features);
        var rows = FeatureRows.View(converted ?? features);
        Current ??= new ClassStatistics(rows.Width, options.Metrics.HasFlag(CollapseMetricSet.Variability));
        if (scores)
            Score(rows, labels.Groups.Labels, Lagged!, predictions?.Values);
        NonFinite += Current.Add(rows, labels.Groups);
    }

    public static bool IsOnDevice(Tensor tensor, NccMonitorOptions options) => tensor.device_type == DeviceType.CUDA || options.AlwaysAsOnDevice;

    /// <summary>Brings over what lies on a device, waiting for it.</summary>
    public void Flush() => _device?.Flush(this);

    /// <summary>Adds another worker's running epoch.</summary>
    public void Add(LayerState other)
    {
        if (other.Current is { } theirs)
        {
            if (Current is null)
                Current = theirs.Clone();
            else
                Current.Merge(theirs);
        }

        Batches += other.Batches;
        Scored += other.Scored;
        Wrong += other.Wrong;
        NonFinite += other.NonFinite;
        Compared += other.Compared;
        Differing += other.Differing;
        Problem ??= other.Problem;
    }

    /// <summary>Makes this epoch's statistics the next one's centers.</summary>
    public void EndEpoch()
    {
        if (Current is { Total: > 0 } finished)
        {
            (Current, Previous) = (Previous is { } old && old.Width == finished.Width ? old : null, finished);
            Current?.Reset();
            MakeCenters();
        }

        (Scored, Wrong, NonFinite, Compared, Differing, Problem, Batches) = (0, 0, 0, 0, 0, null, 0);
    }

    /// <summary>Makes the centers of <see cref="Previous"/>, and sets how many batches must be scored for the asked number of samples.</summary>
    public void MakeCenters()
    {
        Lagged = Previous is { Total: > 0 } previous ? ClassCenters.Create(previous, options.LeaveOneOut) : null;
        var samples = Previous?.Total ?? 0;
        _device?.SetCenters(Previous);
        _stride = (int)Math.Clamp(options.MinimumScored == 0 ? options.ScoreEvery : samples / options.MinimumScored, 1, options.ScoreEvery);
    }

    public void Dispose() => _device?.Dispose();

    private void AddOnDevice(Tensor features, BatchLabels labels, Predictions? predictions, bool scores, int classCount)
    {
        if (_device is null || _device.Width != features.shape[1])
        {
            _device?.Dispose();
            _device = new DeviceSums((int)features.shape[1], classCount, features.device, options);
            _device.SetCenters(Previous);
        }

        _device.Grow(classCount);
        _device.Add(features, labels.On(features.device), scores, scores ? predictions?.Classes : null);
    }

    private void Score(FeatureRows features, int[] labels, ClassCenters centers, ReadOnlySpan<int> predictions)
    {
        var nearest = predictions.IsEmpty ? null : new int[labels.Length];
        var score = NearestClassCenter.Score(features, labels, centers, nearest);
        Scored += score.Scored;
        Wrong += score.Wrong;
        for (var i = 0; i < nearest?.Length; i++)
            if (nearest[i] >= 0)
            {
                Compared++;
                Differing += nearest[i] == predictions[i] ? 0 : 1;
            }
    }
}
