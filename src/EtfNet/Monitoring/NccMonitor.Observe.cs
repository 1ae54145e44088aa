using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

public sealed partial class NccMonitor
{
    /// <summary>Takes in the forwards that wait, with the labels of their samples.</summary>
    /// <param name="labels">
    /// Class indices, int64 or int32, on any device: as many as the last forward had samples, or as all waiting forwards had together (gradient accumulation, several
    /// views), in their order.
    /// </param>
    /// <exception cref="ArgumentNullException"><paramref name="labels"/> is null.</exception>
    /// <exception cref="ArgumentException">The labels are not class indices, or their number fits neither; nothing changes.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is negative or not below the class count; nothing changes. Labels on CUDA are judged at <see cref="EndEpoch"/>.</exception>
    /// <exception cref="InvalidOperationException">No forward waits, or a feature is not finite and <see cref="NonFinitePolicy.Throw"/> is set.</exception>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public void Observe(Tensor labels)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(labels);
        using var batch = BatchLabels.Create(labels, _options.ClassCount, leaveUnread: LayerState.IsOnDevice(labels, _options));
        var records = _log.Take(batch.Count, nameof(labels));
        try
        {
            if (_options.NonFinite == NonFinitePolicy.Throw)
                foreach (var (tap, features) in records.SelectMany(record => record.Features))
                    FiniteCheck.ThrowIfNot(tap.Name, features);

            var start = 0;
            foreach (var record in records)
            {
                using var slice = records.Count == 1 ? null : batch.Slice(start, (int)record.Length);
                Add(record, slice ?? batch);
                start += (int)record.Length;
            }
        }
        finally
        {
            foreach (var record in records)
                record.Dispose();
        }
    }

    /// <summary>Takes in features given by hand, for what no hook sees: functions, native composites, layers called by <c>forward</c>.</summary>
    /// <param name="layer">The name of a watched layer, or any other, under which the report will show it.</param>
    /// <param name="features">Samples x anything, of a floating type; pooled as the options say.</param>
    /// <param name="labels">Class indices, int64 or int32, one a sample.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">The features are not of a floating type, none, or of another width than before, or the labels are not class indices, one a sample; nothing changes.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is negative or not below the class count; nothing changes.</exception>
    /// <exception cref="InvalidOperationException">A feature is not finite and <see cref="NonFinitePolicy.Throw"/> is set.</exception>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public void Observe(string layer, Tensor features, Tensor labels)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentNullException.ThrowIfNull(features);
        if (!is_floating_point(features))
            throw new ArgumentException($"The features of layer '{layer}' are {features.dtype}; wanted a floating type.", nameof(features));
        ArgumentNullException.ThrowIfNull(labels);
        using var batch = BatchLabels.Create(labels, _options.ClassCount, leaveUnread: false);
        if (features.dim() == 0 || features.shape[0] != batch.Count)
            throw new ArgumentException(
                $"{batch.Count} labels came with features of shape ({string.Join(", ", features.shape)}) of layer '{layer}'.", nameof(labels));

        using var pooled = _taps.Find(tap => tap.Name == layer)?.Pool(features) ?? FeaturePooler.Pool(features, _options.Pooling, FeatureLayout.ChannelsLast);
        if (pooled.shape[1] == 0)
            throw new ArgumentException($"The features of layer '{layer}' have shape ({string.Join(", ", features.shape)}): there is none.", nameof(features));
        if (_states.TryGetValue(layer, out var known) && known.Width is { } width && width != pooled.shape[1])
            throw new ArgumentException($"The features of layer '{layer}' have width {pooled.shape[1]}; so far it was {width}.", nameof(features));
        if (_options.NonFinite == NonFinitePolicy.Throw)
            FiniteCheck.ThrowIfNot(layer, pooled);

        if (!_states.ContainsKey(layer))
            AddState(layer);
        _states[layer].Add(pooled, batch, null, () => _options.ClassCount ?? batch.Groups.MaxLabel + 1);
    }

    private void Add(ForwardRecord record, BatchLabels labels)
    {
        SetOrder(record);
        using var predictions = Predictions.Of(record, labels.Count, _options.Metrics.HasFlag(CollapseMetricSet.Agreement));
        foreach (var (tap, features) in record.Features)
        {
            var state = _states[tap.Name];
            if (features.shape[0] != labels.Count)
                state.Problem = $"its features have {features.shape[0]} rows where the batch has {labels.Count} labels: pool them to one row a sample and hand them to Observe(layer, features, labels)";
            else if (state.Width is { } width && width != features.shape[1])
                state.Problem = $"its features changed their width from {width} to {features.shape[1]}: choose a pooling that keeps it";
            else
                state.Add(features, labels, predictions, () => ClassCount(record, labels));
        }

        if (labels.AreUnread)
            CountOutside(labels, ClassCount(record, labels));
    }

    /// <summary>How many classes to make room for on a device: unread labels cannot tell, so the width of the model's output stands for it.</summary>
    private int ClassCount(ForwardRecord record, BatchLabels labels) => _options.ClassCount
        ?? (!labels.AreUnread ? labels.Groups.MaxLabel + 1 : (int)(record.Output ?? record.Features[^1].Features).shape[1]);

    private void CountOutside(BatchLabels labels, int classCount)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var values = labels.On(labels.Device);
        var outside = values.lt(0).logical_or(values.ge(classCount)).sum();
        _outside ??= zeros_like(outside).DetachFromDisposeScope();
        _outside.add_(outside.to(_outside.device));
    }
}
