using TorchSharp.Modules;

namespace EtfNet;

/// <content>Remembering a moment of the training, and going back to it.</content>
public sealed partial class AdaptiveEtfScheduler
{
    /// <summary>Copies the state of the whole training: weights, which layers are fixed, optimizers, and this scheduler. Use it for early
    /// stopping with the best weights.</summary>
    /// <returns>The copy, in managed memory.</returns>
    /// <exception cref="InvalidOperationException">A forward is in progress.</exception>
    /// <exception cref="ObjectDisposedException">The scheduler is disposed.</exception>
    public EtfSnapshot Snapshot()
    {
        var state = Capture().Hold();
        return new EtfSnapshot(FixedModules.Of(_model), PlannedCut.Of(_model), state, this, _memory.Epoch, _optimizers.All);
    }

    /// <summary>Restores an earlier state of the training: layers fixed since then are trained again, layers reverted since then are fixed
    /// again, and a tail cut off since then is restored.</summary>
    /// <param name="snapshot">A copy made by this scheduler, or by one of an equal model with equal optimizers.</param>
    /// <remarks>
    /// With <see cref="AdaptiveEtfOptions.Collective"/> all ranks call it, and all use rank 0's copy. The old weights that a guard keeps
    /// are not part of a snapshot: fixes on trial count as accepted. Optimizers added since the snapshot keep their state, and removed ones
    /// are left out; weights that are trained again return to the current optimizers. Parameters of an optimizer that are not the model's
    /// are left alone if another scheduler watches them.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="snapshot"/> is null.</exception>
    /// <exception cref="EtfStateException">The copy is from another architecture or from other optimizers. Nothing was changed.</exception>
    /// <exception cref="InvalidOperationException">
    /// A forward is in progress, the model's layers were changed by hand, or a place that holds a fixed layer cannot hold a trained one.
    /// Nothing was changed.
    /// </exception>
    /// <exception cref="CollectiveException">
    /// With <see cref="AdaptiveEtfOptions.Collective"/>: something failed on another rank, or a rank is missing.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The scheduler is disposed.</exception>
    public void Restore(EtfSnapshot snapshot)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(snapshot);
        Restore(() => snapshot);
    }

    /// <summary>Restores a saved state; with several ranks, only rank 0 reads it.</summary>
    /// <inheritdoc cref="Restore(EtfSnapshot)"/>
    internal void Restore(Func<EtfSnapshot> read)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (Together is { } group)
        {
            RunTogether(group, () => Restore(read), [], "calls of Restore", announce: false);
            return;
        }

        var snapshot = read();
        Restore(snapshot.Plan, snapshot.Cuts, snapshot.State, () => snapshot.Pair(this, _optimizers.All));
    }

    private void Restore(
        IReadOnlyList<PlannedLayer> plan, IReadOnlyList<PlannedCut> cuts, StateSet state, Func<IReadOnlyList<OptimizerHelper?>> pair)
    {
        RequireNoForward();
        using var pause = InferencePause.Begin();
        _watched.RequireUnchanged();
        ForgetUnusableOptimizers();
        if (!state.Texts.Keys.Any(name => name.StartsWith(SchedulerMemory.Name + ".", StringComparison.Ordinal)))
            throw state.Error(
                SchedulerMemory.Name, "it was saved without a scheduler", "Load it with EtfCheckpoint.Load(path, model, optimizers).");
        using var change = Reshape(cuts, state);
        var planned = plan.ToDictionary(layer => layer.Name);
        var returning = _watched.Fixes.Where(fix => planned.GetValueOrDefault(fix.Name)?.Header.Signature != fix.Header.Signature).ToList();
        LayerFix.RequireReversible(_model, returning);

        // Everything is checked first: the changes wait in the reader, in this order.
        var reader = new StateReader(state, _monitor.Create);
        reader.Later(() => Fix(plan, returning));
        TrainingState.Read(reader, _model, plan, pair(), returning, _optimizers.All);
        reader.Later(NextEpoch);
        _memory.Read(reader);
        reader.Finish();
        Accept(change);

        foreach (var layer in _watched.Layers.Where(layer => returning.Exists(fix => fix.Name == layer.Name)))
            layer.MarkReturned();
        Report = NewReport(new EpochOutcome());
    }

    /// <summary>The whole training as it is, without copies.</summary>
    /// <inheritdoc cref="Snapshot"/>
    internal StateSet Capture()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        RequireNoForward();
        ForgetUnusableOptimizers();
        return TrainingState.Capture(_model, _optimizers.All, _memory);
    }

    private void Fix(IReadOnlyList<PlannedLayer> plan, IReadOnlyList<LayerFix> returning)
    {
        foreach (var fix in returning)
            TakeBack(fix);
        foreach (var fix in PlanApplication.Run(_model, plan, _optimizers.All))
            Take(fix);
    }

    /// <summary>Takes the weights of layers that are fixed in place as they are now for their frames: they were loaded.</summary>
    internal void TakeMarks()
    {
        foreach (var fix in AllFixes)
            fix.TakeMark();
    }

    private void NextEpoch()
    {
        foreach (var fix in _watched.Fixes)
            fix.Release();
        TakeMarks();
        _guard?.Clear();
        _inputs.NextEpoch();
        _layerInputs?.NextEpoch();
        _observed = 0;
    }
}
