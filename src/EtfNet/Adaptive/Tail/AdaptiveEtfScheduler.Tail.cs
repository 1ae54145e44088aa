using static TorchSharp.torch;

namespace EtfNet;

/// <content>The tail of the model: cut off, and taken back.</content>
public sealed partial class AdaptiveEtfScheduler
{
    private StandingCut? _cut;
    private EtfCut? _cutReverted;
    private TailReason _tailLogged;

    // The monitored layers that were removed at the end of this epoch.
    private readonly HashSet<string> _gone = [];

    /// <summary>Raised after the model's tail was cut off, at the end of an epoch.</summary>
    public event EventHandler<ModelCutEventArgs>? ModelCut;

    /// <summary>Raised after the tail was restored.</summary>
    public event EventHandler<CutRevertedEventArgs>? CutReverted;

    private bool IsCutOnTrial => _memory.Cut is { } cut && _guard?.Trials.Any(trial => trial.Epoch == cut.Epoch) == true;

    private IEnumerable<LayerFix> AllFixes => _watched.Fixes.Concat(_cut?.Gone.AllFixes ?? []);

    /// <summary>Restores the tail as it was when it was cut off, with its optimizer state, and removes the head.</summary>
    /// <remarks>
    /// This is possible while a guard keeps the tail (<see cref="EtfTailReport.IsOnTrial"/>). Without a guard the tail is freed at once.
    /// The model is not cut again until <see cref="AllowCut"/> is called.
    /// </remarks>
    /// <exception cref="InvalidOperationException">
    /// The model is not cut, the tail is no longer kept, or a forward is in progress. Nothing was changed.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The scheduler is disposed.</exception>
    public void RevertCut()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_memory.Cut is not { } record)
            throw new InvalidOperationException("The model is not cut.");
        if (!IsCutOnTrial)
            throw new InvalidOperationException(
                $"The tail behind '{record.Layer}' is no longer kept. A guard keeps it for its grace period; a Snapshot from before the "
                + "cut restores it at any time.");
        RequireNoForward();
        using var pause = InferencePause.Begin();
        ForgetUnusableOptimizers();
        _guard!.End(record.Epoch);
        TakeCutBack(new TailDecision(TailReason.RevertedByHand) { Layer = record.Layer, Epoch = record.Epoch });
        Report = NewReport(new EpochOutcome());
        BeginTail();
    }

    /// <summary>Lets the model be cut again after its cut was reverted by <see cref="RevertCut"/> or by the guard.</summary>
    /// <exception cref="ObjectDisposedException">The scheduler is disposed.</exception>
    public void AllowCut()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _memory.CutHeld = null;
    }

    /// <summary>Forgets what the last report said about the tail.</summary>
    private void BeginTail()
    {
        _cutReverted = null;
        _gone.Clear();
    }

    /// <summary>Cuts the model where a trial allows it.</summary>
    /// <param name="collapse">What was measured in the epoch.</param>
    /// <param name="cost">The epoch's cost, for the guard.</param>
    /// <returns>What was decided; null where tails are kept.</returns>
    private TailDecision? EndTail(CollapseReport collapse, double? cost)
    {
        if (_options.Tail == TailPolicy.Keep)
            return null;
        var decision = _cutReverted is null ? TryCut(collapse, cost) : _memory.CutHeld!;
        if (decision.Reason != TailReason.Cut && decision.Reason != _tailLogged)
            Log.TailStays(_log, _memory.Epoch, decision.ToString());
        _tailLogged = decision.Reason;
        return decision;
    }

    private TailDecision TryCut(CollapseReport collapse, double? cost)
    {
        if (TailReadiness.Obstacle(_model, _options, _memory, _optimizers, _inputs) is { } obstacle)
            return obstacle;
        var threshold = FixPolicy.Threshold(_options, _memory.Epoch, LayerStandings.LastError(collapse));
        if (TailReadiness.Early(_options, threshold, collapse, _watched) is not { } early)
            return new TailDecision(TailReason.NotCollapsed) { Limit = threshold };
        GatherSample();
        var trial = TailTrial.Run(_model, _inputs, _options, early);
        return trial.Refusal ?? Cut(trial, keepOld: cost is not null && _guard is not null, cost);
    }

    /// <summary>Makes the first cut of a trial that the model allows.</summary>
    private TailDecision Cut(TailTrial trial, bool keepOld, double? cost)
    {
        TailDecision? refusal = null;
        foreach (var layer in trial.Layers)
        {
            TailCut tail;
            try
            {
                tail = HeadCut.Prepare(_model, layer.Name, layer.Head!.Trainable());
            }
            catch (ArgumentException exception)
            {
                refusal ??= new TailDecision(TailReason.NotPossible) { Detail = Words.Plain(exception).TrimEnd('.') };
                continue;
            }

            if (!tail.IsTrainedBy(_optimizers.All))
            {
                tail.Discard();
                return new TailDecision(TailReason.NoOptimizer);
            }

            Cut(tail, trial, layer, keepOld);
            if (keepOld)
                _guard!.Begin(_memory.Epoch, cost!.Value);
            return new TailDecision(TailReason.Cut) { Layer = layer.Name, Epoch = _memory.Epoch };
        }

        return refusal!;
    }

    private void Cut(TailCut tail, TailTrial trial, DepthLayer layer, bool keepOld)
    {
        var before = ParameterCounts.Of(ModuleTree.Walk(_model), []).Total;
        tail.Apply(_optimizers.All);
        var gone = FollowModel(GoneLayers.None);
        _cut = new StandingCut(tail, gone);
        // Fixes in the tail are no longer on trial: what is kept of them belongs to the tail.
        foreach (var fix in gone.AllFixes)
            fix.Release();
        if (!keepOld)
            tail.ReleaseParameters();
        _memory.Cut = new EtfCut
        {
            Layer = layer.Name,
            Epoch = _memory.Epoch,
            RemovedModules = tail.Removed,
            ParametersBefore = before,
            ParametersAfter = ParameterCounts.Of(ModuleTree.Walk(_model), []).Total,
            AccuracyBefore = trial.AccuracyBefore,
            AccuracyAfter = layer.RidgeAccuracy!.Value,
            Samples = trial.Samples,
        };
    }

    /// <summary>Ends the trial of a cut that was made at the end of an epoch.</summary>
    private void JudgeCut(int epoch, bool takeBack, double worse)
    {
        if (_memory.Cut is not { } record || record.Epoch != epoch || _cut is null)
            return;
        if (takeBack)
            TakeCutBack(new TailDecision(TailReason.RevertedByGuard)
            {
                Layer = record.Layer,
                Epoch = epoch,
                Value = worse,
                Limit = _options.Guard!.Tolerance,
            });
        else
            _cut.Tail.ReleaseParameters();
    }

    private void TakeCutBack(TailDecision why)
    {
        var (record, standing) = (_memory.Cut!, _cut!);
        standing.Tail.Return(_optimizers.All);
        (_memory.Cut, _memory.CutHeld, _cut, _cutReverted) = (null, why, null, record);
        var heads = FollowModel(standing.Gone);
        // A fix of the head goes first: with the head it loses the weight that it keeps.
        foreach (var fix in heads.AllFixes)
            fix.Release();
        standing.Tail.EndReturn();
        foreach (var layer in standing.Gone.Layers)
        {
            layer.Streak = 0;
            if (layer.Fix is null)
                layer.MarkReturned();
        }

        Log.TailReverted(_log, _memory.Epoch, why.ToString());
        CutReverted?.Invoke(this, new CutRevertedEventArgs(record, why));
    }

    /// <summary>Makes everything that watches the model's layers watch those that it has now.</summary>
    private GoneLayers FollowModel(GoneLayers returning)
    {
        var gone = _watched.FollowModel(_optimizers.All, returning);
        _gone.UnionWith(_monitor.FollowModel());
        _layerInputs?.Dispose();
        _layerInputs = null;
        return gone;
    }

    private EtfTailReport? TailOfReport(TailDecision? decision) => decision is null ? null : new EtfTailReport(decision)
    {
        Cut = _memory.Cut,
        IsOnTrial = IsCutOnTrial,
        Reverted = _cutReverted,
    };

    /// <summary>What is known of the tail without a trial.</summary>
    private TailDecision? TailNow() => _options.Tail == TailPolicy.Keep ? null
        : _memory.Cut is { } cut ? new TailDecision(TailReason.Cut) { Layer = cut.Layer, Epoch = cut.Epoch }
        : _memory.CutHeld ?? new TailDecision(TailReason.NotJudged);

    /// <summary>Gives the model the cuts that a state has.</summary>
    /// <returns>Undoes the change unless accepted; null if the model already has these cuts.</returns>
    /// <exception cref="EtfStateException">The model cannot be cut like that; nothing was changed.</exception>
    private CutChange? Reshape(IReadOnlyList<PlannedCut> cuts, StateSet state)
    {
        if (cuts.SequenceEqual(PlannedCut.Of(_model)))
            return null;
        if (_options.Tail == TailPolicy.Keep)
            throw state.Error(
                ModelFit.PlanName, "the saved model and this model are not cut by TruncateEtf in the same way",
                cuts.Count == 0 ? "Load it into a model that was not cut."
                    : "Before ApplyAdaptiveEtf, cut the model with the EtfPlan from the time of the cut.");
        var change = new CutChange(_watched, _monitor, _optimizers.All, _cut);
        try
        {
            change.Make(_model, cuts);
            return change;
        }
        catch (Exception exception)
        {
            change.Dispose();
            if (exception is ArgumentException reason)
                throw state.Error(
                    ModelFit.PlanName, Words.Plain(reason).TrimEnd('.'),
                    "Load into a model that is freshly built, as it was when the state was saved.", exception);
            throw;
        }
    }

    /// <summary>Accepts a change: what was kept to undo it is freed.</summary>
    private void Accept(CutChange? change)
    {
        if (change is not null)
        {
            _cut = change.Accept();
            _layerInputs?.Dispose();
            _layerInputs = null;
        }

        _cut?.Tail.ReleaseParameters();
        foreach (var fix in _cut?.Gone.AllFixes ?? [])
            fix.Release();
        BeginTail();
    }

    private void AnnounceCut()
    {
        if (_memory.Cut is not { } cut || cut.Epoch != _memory.Epoch)
            return;
        Log.TailCut(_log, cut.Epoch, cut.Layer, cut.ParametersSaved, cut.ParametersBefore, cut.AccuracyBefore, cut.AccuracyAfter);
        ModelCut?.Invoke(this, new ModelCutEventArgs(cut));
    }
}
