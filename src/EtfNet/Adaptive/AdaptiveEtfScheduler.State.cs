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
        ForgetUnusableOptimizers();
        using var monitor = new MemoryStream();
        _monitor.Save(monitor);
        var state = TrainingState.Capture(_model, _optimizers.All, new SchedulerMemory
        {
            Epoch = _epoch,
            ForwardsPerEpoch = _inputs.ForwardsPerEpoch,
            Layers = [.. _watched.Layers.Select(LayerMemory.Of)],
            Monitor = monitor.ToArray(),
        });
        return new EtfSnapshot(state, this, _optimizers.All);
    }

    /// <summary>Goes back to a moment of the training: layers that were fixed since are trained again, layers that were taken back since are fixed again.</summary>
    /// <param name="snapshot">A copy made by this scheduler, or by one of an equal model with equal optimizers.</param>
    /// <remarks>
    /// What a guard kept for its way back is not part of a snapshot: fixes on trial count as accepted. Optimizers that this scheduler was
    /// told of since keep their state, and those that it has forgotten are left out; weights that are trained again come to the optimizers
    /// as they are now. An optimizer's parameters that are not the model's are left alone where another scheduler watches them.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="snapshot"/> is null.</exception>
    /// <exception cref="ArgumentException">The copy is of another architecture or of other optimizers. Nothing was changed.</exception>
    /// <exception cref="InvalidOperationException">
    /// A forward is in progress, the model's layers were changed by hand, or a place that holds a fixed layer cannot hold a trained one.
    /// Nothing was changed.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The scheduler is disposed.</exception>
    public void Restore(EtfSnapshot snapshot)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(snapshot);
        RequireNoForward();
        _watched.RequireUnchanged();
        ForgetUnusableOptimizers();
        var state = snapshot.State;
        if (state.Scheduler is not { } memory)
            throw new ArgumentException("The state was saved without a scheduler.", nameof(snapshot));
        var saved = memory.Layers.ToDictionary(layer => layer.Name);
        if (_watched.Layers.FirstOrDefault(layer => !saved.ContainsKey(layer.Name)) is { } unknown)
            throw new ArgumentException(
                $"The state knows nothing of the layer '{unknown.Name}': it was saved with other options or from another architecture.",
                nameof(snapshot));
        var planned = state.Plan.ToDictionary(layer => layer.Name);
        var returning = _watched.Fixes.Where(fix => planned.GetValueOrDefault(fix.Name)?.Header.Signature != fix.Header.Signature).ToList();
        var pairs = snapshot.Pair(this, _optimizers.All);
        LayerFix.RequireReversible(_model, returning);
        state.Require(_model, pairs, returning, _optimizers.All);
        using var monitor = new MemoryStream(memory.Monitor);
        var monitored = _monitor.Read(monitor);

        // Everything is checked: from here on the training changes.
        foreach (var fix in returning)
            TakeBack(fix);
        foreach (var fix in PlanApplication.Run(_model, state.Plan, _optimizers.All))
            Take(fix);
        state.Fill(_model, pairs);
        foreach (var fix in _watched.Fixes)
            fix.Release();
        foreach (var layer in _watched.Layers)
            saved[layer.Name].Restore(layer);
        foreach (var layer in _watched.Layers.Where(layer => returning.Exists(fix => fix.Name == layer.Name)))
            layer.MarkReturned();
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
