using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

public sealed partial class NccMonitor
{
    /// <summary>Adds the waiting forwards to the statistics, with the labels of their samples or positions.</summary>
    /// <param name="labels">
    /// Class indices, int64 or int32, on any device: one per sample, (B) or (B, 1), or one per position, (B, T) or (B, H, W). Their number
    /// is that of the rows of one forward that waits for labels, or of all waiting forwards together, in order (gradient accumulation,
    /// several views). <see cref="NccMonitorOptions.IgnoreIndex"/> marks a row without a label.
    /// </param>
    /// <remarks>
    /// Two forwards of the same input (the same tensor, not written in between, as in sharpness-aware training) are one batch, and the
    /// first counts. All other waiting forwards are discarded and counted as unlabeled. A refused call changes no statistic and can be
    /// repeated until the next forward.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="labels"/> is null.</exception>
    /// <exception cref="ArgumentException">
    /// The labels are not class indices, fit no waiting forward, or fit several of different inputs; or all of them are the index to
    /// ignore. Nothing was changed.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is negative or not below the class count; nothing changes. Labels on CUDA are
    /// checked at <see cref="EndEpoch"/>.</exception>
    /// <exception cref="InvalidOperationException">No forward waits, or a feature is not finite and <see cref="NonFinitePolicy.Throw"/> is
    /// set.</exception>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public void Observe(Tensor labels) => ObserveForwards(labels, null);

    /// <summary>
    /// Adds the forward that returned a given tensor, with the labels of its samples or positions. Use it if several forwards of a step
    /// have the same length.
    /// </summary>
    /// <param name="labels">Class indices, as for <see cref="Observe(Tensor)"/>.</param>
    /// <param name="output">
    /// The same tensor object that the model's call returned, or one in the tuple, dictionary or object that it returned.
    /// </param>
    /// <remarks>Other forwards keep waiting for calls like this one, until the next forward.</remarks>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">
    /// No waiting forward returned that tensor, or the labels are not class indices, one per sample or position of it. Nothing was changed.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A label is negative or not below the class count; nothing changes. Labels on CUDA are checked at <see cref="EndEpoch"/>.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// No forward waits, or a feature is not finite and <see cref="NonFinitePolicy.Throw"/> is set.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public void Observe(Tensor labels, Tensor output)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(output);
        ObserveForwards(labels, output);
    }

    /// <summary>Adds features passed by hand, for parts of the model that no hook sees: functions, native composites, layers called by
    /// <c>forward</c>.</summary>
    /// <param name="layer">The name of a watched layer, or any other name under which the report shows the features.</param>
    /// <param name="features">Samples (or positions) x anything, of a floating type; pooled as the options say.</param>
    /// <param name="labels">Class indices, int64 or int32, one per sample or one per position.</param>
    /// <remarks>
    /// If the name is not that of a layer, the features are at the end of the report, and <see cref="CollapseReport.EffectiveDepth"/>
    /// ignores them.
    /// </remarks>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">
    /// The features are not of a floating type, are empty, or have another width than before, or the labels are not class indices, one per
    /// row; nothing changes.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is negative or not below the class count; nothing changes.</exception>
    /// <exception cref="InvalidOperationException">A feature is not finite and <see cref="NonFinitePolicy.Throw"/> is set.</exception>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public void Observe(string layer, Tensor features, Tensor labels) => ObserveByHand(layer, features, labels, null);

    /// <summary>
    /// Adds features passed by hand whose place is after a layer: in the report, and for <see cref="CollapseReport.EffectiveDepth"/>, they
    /// follow that layer.
    /// </summary>
    /// <param name="layer">The name under which the report shows them.</param>
    /// <param name="features">Samples (or positions) x anything, of a floating type; pooled as the options say.</param>
    /// <param name="labels">Class indices, int64 or int32, one per sample or one per position.</param>
    /// <param name="after">The entry of the report that they follow. The first call with a name decides.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">
    /// As in the other overload, or no entry has the name <paramref name="after"/>; nothing was changed.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is negative or not below the class count; nothing changes.</exception>
    /// <exception cref="InvalidOperationException">A feature is not finite and <see cref="NonFinitePolicy.Throw"/> is set.</exception>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public void Observe(string layer, Tensor features, Tensor labels, string after)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(after);
        ObserveByHand(layer, features, labels, after);
    }

    private void ObserveForwards(Tensor labels, Tensor? output)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        using var form = LabelForm.Of(labels);
        if (_forwards.Match(form, output) is not { } match)
            return;
        using var batch = BatchLabels.Create(
            form, _options.ClassCount, _options.IgnoreIndex,
            leaveUnread: LayerState.IsOnDevice(labels, _options) && !_options.AlwaysReadLabels);
        if (_options.NonFinite == NonFinitePolicy.Throw)
            foreach (var features in match.Forwards.SelectMany(entry => entry.Forward.Features))
                FiniteCheck.ThrowIfNot(features.Source.Name, features.For(match.Kind));

        _forwards.Take(match, form);
        try
        {
            Add(match, batch);
        }
        finally
        {
            foreach (var entry in match.Forwards)
                entry.Forward.Dispose();
        }
    }

    private void Add(LabelMatch match, BatchLabels batch)
    {
        Place(match.Forwards[0].Forward);
        var scores = new Dictionary<LayerState, bool>();
        foreach (var (forward, start, count) in match.Forwards)
        {
            using var slice = match.Forwards.Count == 1 ? null : batch.Slice(start, count);
            Add(forward, match.Kind, slice ?? batch, scores);
        }
    }

    private void Add(Forward forward, LabelKind kind, BatchLabels labels, Dictionary<LayerState, bool> scores)
    {
        using var predictions = Predictions.Of(forward, labels.Count, _options.Metrics.HasFlag(CollapseMetricSet.Agreement));
        foreach (var (layer, problem) in forward.Problems)
            if (_state.Layers.TryGetValue(layer, out var troubled))
                troubled.Problem = problem;
        foreach (var entry in forward.Features.Where(IsWatched))
        {
            if (entry.Source is LayerTap tap && tap.HasMoved())
                Restart(tap);
            var features = entry.For(kind);
            var state = StateOf(entry.Source.Name);
            if (features.shape[0] != labels.Count)
                state.Problem = $"its features have {features.shape[0]} rows where the batch has {Words.Count(labels.Count, "label")}: "
                    + "reduce them to one row per label and pass them to Observe(layer, features, labels)";
            else if (state.Width is { } width && width != features.shape[1])
                state.Problem = $"the width of its features changed from {width} to {features.shape[1]} within the epoch: choose a pooling "
                    + "that keeps it";
            else
            {
                // Everything that one Observe labels is scored, or nothing: every call of the layer, every forward.
                if (!scores.TryGetValue(state, out var score))
                    scores[state] = score = state.BeginBatch(_state.Epoch);
                state.Add(features, labels, score, predictions, () => ClassCount(forward, labels));
            }
        }

        if (labels.AreUnread)
            CountOutside(labels, ClassCount(forward, labels));
    }

    private void ObserveByHand(string layer, Tensor features, Tensor labels, string? after)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentNullException.ThrowIfNull(features);
        if (!is_floating_point(features))
            throw new ArgumentException($"The features of layer '{layer}' are {features.dtype}; wanted a floating type.", nameof(features));
        ArgumentNullException.ThrowIfNull(labels);
        if (after is not null && !_state.Layers.ContainsKey(after))
            throw new ArgumentException(
                $"The monitor has no layer '{after}'. It has: {string.Join(", ", _state.Order.Names)}.", nameof(after));
        using var form = LabelForm.Of(labels);
        using var batch = BatchLabels.Create(form, _options.ClassCount, _options.IgnoreIndex, leaveUnread: false);
        using var pooled = features.dim() == 0 ? null
            : _taps.TryGetValue(layer, out var tap) ? tap.Pool(features, form.Count)
            : FeaturePooler.PoolByHand(features, form.Count, _options.Pooling, FeatureLayout.ChannelsLast);
        if (pooled is null || pooled.shape[0] != batch.Count)
            throw new ArgumentException(
                $"{Words.Count(batch.Count, "label")} came with features of shape ({string.Join(", ", features.shape)}) of layer "
                + $"'{layer}'; wanted one per row.",
                nameof(labels));
        if (pooled.shape[1] == 0)
            throw new ArgumentException($"Features of layer '{layer}' have shape ({string.Join(", ", features.shape)}): they are empty.",
                nameof(features));
        if (_state.Layers.TryGetValue(layer, out var known) && known.Width is { } width && width != pooled.shape[1])
            throw new ArgumentException($"The features of layer '{layer}' have width {pooled.shape[1]}; so far it was {width}.",
                nameof(features));
        if (_options.NonFinite == NonFinitePolicy.Throw)
            FiniteCheck.ThrowIfNot(layer, pooled);

        if (!_state.Layers.TryGetValue(layer, out var state))
        {
            _state.Layers[layer] = state = new LayerState(_options);
            if (after is null)
                _state.Order.AddUnplaced(layer);
            else
                _state.Order.Add(layer, after: after);
        }

        state.Add(pooled, batch, state.BeginBatch(_state.Epoch), null, () => _options.ClassCount ?? batch.Groups.MaxLabel + 1);
    }

    /// <summary>Orders the layers by their calls, and finds a place for what goes into the classifier.</summary>
    private void Place(Forward forward)
    {
        _state.Order.Settle([.. forward.Features.Select(features => features.Source.Name).Where(_taps.ContainsKey)]);
        foreach (var (head, input) in _forwards.Heads.Inputs)
            if (!_state.Layers.ContainsKey(input))
                AddState(input, before: head);
    }

    /// <summary>Whether features are of a layer that is still watched, at the same place: the model may have lost it since the
    /// forward.</summary>
    private bool IsWatched(LayerFeatures features) => features.AreCurrent
        && (features.Source is not LayerTap tap || ReferenceEquals(_taps.GetValueOrDefault(tap.Name), tap));

    /// <summary>Restarts a layer's statistics, which were taken at another place.</summary>
    private void Restart(LayerTap tap)
    {
        _state.Layers[tap.Name].Dispose();
        _state.Layers[tap.Name] = new LayerState(_options) { HasLostItsNorm = tap.HasLostItsNorm };
    }

    private LayerState StateOf(string name)
    {
        if (!_state.Layers.ContainsKey(name))
            AddState(name);
        return _state.Layers[name];
    }

    /// <summary>
    /// How many classes to allocate on a device: unread labels do not show it, so the width of the class scores is used.
    /// </summary>
    private int ClassCount(Forward forward, BatchLabels labels) =>
        _options.ClassCount ?? (!labels.AreUnread ? labels.Groups.MaxLabel + 1 : forward.ClassWidth());

    private void CountOutside(BatchLabels labels, int classCount)
    {
        using var recording = inference_mode(false);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var values = labels.On(labels.Device);
        var outside = values.lt(0).logical_or(values.ge(classCount));
        if (labels.IgnoreIndex is { } ignored)
            outside = outside.logical_and(values.ne(ignored));
        var count = outside.sum();
        _outside ??= zeros_like(count).DetachFromDisposeScope();
        _outside.add_(count.to(_outside.device));
    }
}
