namespace EtfNet;

/// <content>Remembering a moment of the training, and going back to it.</content>
public sealed partial class AdaptiveEtfScheduler
{
    /// <summary>Takes a copy of the whole training: weights, which layers are fixed, optimizers, this scheduler. For early stopping with the best weights.</summary>
    /// <returns>The copy, in managed memory.</returns>
    /// <exception cref="InvalidOperationException">A forward is in progress.</exception>
    /// <exception cref="ObjectDisposedException">The scheduler is disposed.</exception>
    public EtfSnapshot Snapshot()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        RequireNoForward();
        return new EtfSnapshot(CaptureState());
    }

    /// <summary>Goes back to a moment of the training: layers that were fixed since are trained again, layers that were taken back since are fixed again.</summary>
    /// <param name="snapshot">A copy made by this scheduler, or by one of an equal model with equal optimizers.</param>
    /// <remarks>What a guard kept for its way back is not part of a snapshot: switches on trial count as accepted.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="snapshot"/> is null.</exception>
    /// <exception cref="ArgumentException">The copy is of another architecture or of other optimizers. Nothing was changed.</exception>
    /// <exception cref="InvalidOperationException">A forward is in progress, or a place that holds a fixed layer cannot hold a Linear.</exception>
    /// <exception cref="ObjectDisposedException">The scheduler is disposed.</exception>
    public void Restore(EtfSnapshot snapshot)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(snapshot);
        RequireNoForward();
        RestoreState(snapshot.State);
    }

    internal TrainingState CaptureState()
    {
        using var monitor = new MemoryStream();
        _monitor.Save(monitor);
        return TrainingState.Capture(_model, _optimizers, new SchedulerMemory
        {
            Epoch = _epoch,
            ForwardsPerEpoch = _inputs.ForwardsPerEpoch,
            Layers = [.. _book.Layers.Select(layer => new LayerMemory(layer.Path, layer.Streak, layer.Refusals, layer.Refusal, layer.RetryAt, layer.Barred, layer.Record))],
            Monitor = monitor.ToArray(),
        });
    }

    /// <exception cref="ArgumentException">The state does not fit.</exception>
    internal void RestoreState(TrainingState state)
    {
        _book.RequireUnchanged();
        if (state.Scheduler is not { } memory)
            throw new ArgumentException("The state was saved without a scheduler.", nameof(state));
        var saved = memory.Layers.ToDictionary(layer => layer.Path);
        if (_book.Layers.FirstOrDefault(layer => !saved.ContainsKey(layer.Path)) is { } unknown)
            throw new ArgumentException($"The state knows nothing of the layer '{unknown.Path}': it was saved with other options or from another architecture.", nameof(state));
        var planned = state.Plan.ToDictionary(layer => layer.Path);
        var returning = _book.Layers.Where(layer => layer.Fix is { } fix && planned.GetValueOrDefault(layer.Path)?.Header.Signature != fix.Header.Signature).ToList();
        state.Require(_model, _optimizers, [.. returning.Select(layer => layer.Fix!)]);
        using var monitor = new MemoryStream(memory.Monitor);
        var monitored = _monitor.Read(monitor);

        foreach (var layer in returning)
            TakeBack(layer, "restored");
        foreach (var fix in PlanApplication.Run(_model, state.Plan, _optimizers))
        {
            _book[fix.Path].Fix = fix;
            _monitor.Follow(fix.Path, fix.Current);
        }

        state.Fill(_model, _optimizers);
        foreach (var layer in _book.Layers)
        {
            layer.Fix?.Release();
            (layer.Streak, layer.Barred, layer.Record) = (saved[layer.Path].Streak, saved[layer.Path].Barred, saved[layer.Path].Record);
            (layer.Refusals, layer.Refusal, layer.RetryAt) = (saved[layer.Path].Refusals, saved[layer.Path].Refusal, saved[layer.Path].RetryAt);
        }

        _monitor.Take(monitored);
        _epoch = memory.Epoch;
        _guard?.Clear();
        _inputs.NextEpoch();
        _inputs.ForwardsPerEpoch = memory.ForwardsPerEpoch;
        _layerInputs?.NextEpoch();
        _observed = 0;
        Report = NewReport(null, new Dictionary<string, string>(), [], []);
    }
}
