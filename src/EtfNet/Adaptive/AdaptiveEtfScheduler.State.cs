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
            Layers = [.. _watched.Layers.Select(layer => new LayerMemory(layer.Name, layer.Streak, layer.Refusals, layer.Refusal, layer.RetryAt, layer.Excluded, layer.Record))],
            Monitor = monitor.ToArray(),
        });
    }

    /// <exception cref="ArgumentException">The state does not fit.</exception>
    internal void RestoreState(TrainingState state)
    {
        _watched.RequireUnchanged();
        if (state.Scheduler is not { } memory)
            throw new ArgumentException("The state was saved without a scheduler.", nameof(state));
        var saved = memory.Layers.ToDictionary(layer => layer.Name);
        if (_watched.Layers.FirstOrDefault(layer => !saved.ContainsKey(layer.Name)) is { } unknown)
            throw new ArgumentException($"The state knows nothing of the layer '{unknown.Name}': it was saved with other options or from another architecture.", nameof(state));
        var planned = state.Plan.ToDictionary(layer => layer.Name);
        var returning = _watched.Layers.Where(layer => layer.Fix is { } fix && planned.GetValueOrDefault(layer.Name)?.Header.Signature != fix.Header.Signature).ToList();
        state.Require(_model, _optimizers, [.. returning.Select(layer => layer.Fix!)]);
        using var monitor = new MemoryStream(memory.Monitor);
        var monitored = _monitor.Read(monitor);

        foreach (var layer in returning)
            TakeBack(layer);
        foreach (var fix in PlanApplication.Run(_model, state.Plan, _optimizers))
        {
            _watched[fix.Name].Fix = fix;
            _monitor.Follow(fix.Name, fix.Current);
        }

        state.Fill(_model, _optimizers);
        foreach (var layer in _watched.Layers)
        {
            layer.Fix?.Release();
            (layer.Streak, layer.Excluded, layer.Record) = (saved[layer.Name].Streak, saved[layer.Name].Excluded, saved[layer.Name].Record);
            (layer.Refusals, layer.Refusal, layer.RetryAt) = (saved[layer.Name].Refusals, saved[layer.Name].Refusal, saved[layer.Name].RetryAt);
        }

        _monitor.Take(monitored);
        _epoch = memory.Epoch;
        _guard?.Clear();
        _inputs.NextEpoch();
        _inputs.ForwardsPerEpoch = memory.ForwardsPerEpoch;
        _layerInputs?.NextEpoch();
        _observed = 0;
        Report = NewReport(null, new Dictionary<string, LayerDecision>(), [], []);
    }
}
