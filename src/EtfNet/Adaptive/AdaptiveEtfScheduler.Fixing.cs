using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <content>What happens at the end of an epoch.</content>
public sealed partial class AdaptiveEtfScheduler
{
    private EtfReport End(IEnumerable<(Tensor Input, Tensor Labels)>? batches, double? cost)
    {
        if (Together is { } group)
            return EndTogether(group, batches, cost);
        RequireEpoch(batches is not null, cost);
        var collapse = _monitor.EndEpoch();
        var (unlabeled, remarks) = (collapse.UnlabeledForwards, new List<string>());
        BeginTail();
        _memory.Epoch++;
        try
        {
            if (unlabeled > 0)
                Log.UnlabeledForwards(_log, _memory.Epoch, unlabeled);
            if (batches is not null)
            {
                collapse = _monitor.Evaluate(batches);
                _inputs.Take(batches);
            }
            else if (_options.Decision == FixDecision.Exact)
            {
                collapse = Exact(collapse, remarks);
            }

            var untrained = _watched.Layers.Where(layer => layer.IsUntrained()).ToList();
            var reverted = cost is null ? [] : RevertCostly(cost.Value);
            var decisions = new Dictionary<string, LayerDecision>();
            var tail = EndTail(collapse, cost);
            // What was measured is of other layers, where the tail went or came back.
            var fixedNow = _gone.Count > 0 ? [] : FixReady(collapse, cost, decisions);
            foreach (var layer in untrained.Where(layer => layer.Fix is null))
            {
                decisions[layer.Name] = layer.Untrained;
                Log.LayerUntrained(_log, layer.Name);
            }

            Report = NewReport(collapse, decisions, fixedNow, reverted, unlabeled, remarks, tail);
            Announce(fixedNow, reverted);
            AnnounceCut();
            return Report;
        }
        finally
        {
            // Also where the model threw in evaluation mode: the epoch is over.
            _inputs.NextEpoch();
            _layerInputs?.NextEpoch();
            _observed = 0;
        }
    }

    /// <summary>Checks that an epoch can end.</summary>
    /// <returns>Its cost, for the guard.</returns>
    private void RequireEpoch(bool hasBatches, double? cost)
    {
        RequireAlive();
        if (_guard is not null && cost is null)
            throw new InvalidOperationException(
                "The guard judges fixes by a loss or an accuracy: call EndEpochWithLoss(loss) or EndEpochWithAccuracy(accuracy).");
        if (_observed == 0 && !hasBatches)
            throw new InvalidOperationException(
                "No batch was observed in this epoch. Call Observe(labels) after each training step, before EndEpoch.");
        RequireNoForward();
        _watched.RequireUnchanged();
        ForgetUnusableOptimizers();
    }

    private CollapseReport Exact(CollapseReport online, List<string> remarks)
    {
        GatherSample();
        var labeled = _inputs.Labeled.ToList();
        if (labeled.Count == 0)
        {
            remarks.Add("exact errors need batches of the model's inputs with labels, and none could be kept: the online errors decided");
            return online;
        }

        using (_monitor.Suspend())
            return _monitor.Evaluate(labeled, batch => _inputs.Replay(batch.Inputs), batch => batch.Labels);
    }

    private List<FixedLayer> FixReady(CollapseReport collapse, double? cost, Dictionary<string, LayerDecision> decisions)
    {
        foreach (var decision in FixPolicy.Decide(_options, _memory.Epoch, Standings(collapse), LastError(collapse)))
            decisions[decision.Name] = decision;
        var ready = decisions.Values.Where(decision => decision.IsReady).ToList();
        if (ready.Count == 0)
            return [];

        GatherSample();
        using var scope = NewDisposeScope();
        var targets = LayerTarget.All(_model).ToDictionary(target => target.Name);
        foreach (var name in ready.Select(decision => decision.Name))
            if (targets[name].WhyNotAlone(_optimizers.All) is { } obstacle)
                decisions[name] = new LayerDecision(name, LayerReason.NotFixable) { Detail = obstacle };
        using var proposal = new FixPreparation(Calibration(collapse), _model, _inputs, _layerInputs)
            .Prepare([.. ready.Where(decision => decisions[decision.Name].IsReady).Select(decision => targets[decision.Name])]);
        foreach (var waiting in proposal.Waiting)
        {
            decisions[waiting.Name] = waiting;
            if (waiting.Reason is not (LayerReason.MaxPerEpoch or LayerReason.CalibrationBudget))
                Refuse(waiting);
            else
                Log.LayerWaits(_log, _memory.Epoch, waiting.Name, waiting.ToString());
        }

        // Nothing was changed up to here.
        var fixedNow = Fix(proposal, decisions, keepOld: cost is not null && _guard is not null);
        if (fixedNow.Count > 0 && cost is not null)
            _guard?.Begin(_memory.Epoch, cost.Value);
        if (fixedNow.Count == proposal.Fixes.Count)
            proposal.UpdateRunningStatistics();
        return fixedNow;
    }

    /// <summary>
    /// Fixes prepared layers, all of them or none, but for one that turns out not to fit its dtype, and what was calibrated behind it.
    /// </summary>
    private List<FixedLayer> Fix(FixProposal proposal, Dictionary<string, LayerDecision> decisions, bool keepOld)
    {
        var fixes = new List<(LayerFix Fix, PreparedFix Prepared)>();
        string? unfit = null;
        foreach (var prepared in proposal.Fixes)
        {
            var name = prepared.Target.Name;
            try
            {
                if (unfit is null)
                    fixes.Add((LayerFix.Prepare(_model, prepared.Target, prepared.Etf, prepared.Bias), prepared));
                else
                    decisions[name] = new LayerDecision(name, LayerReason.CannotFit)
                    {
                        Detail = $"it was calibrated behind '{unfit}', which cannot be fixed",
                    };
            }
            catch (ArgumentException exception)
            {
                unfit = name;
                decisions[name] = new LayerDecision(name, LayerReason.CannotFit) { Detail = Words.Plain(exception) };
                Refuse(decisions[name]);
            }
        }

        LayerFix.Apply([.. fixes.Select(one => one.Fix)], _optimizers.All, keepOld);
        return fixes.ConvertAll(one =>
        {
            Take(one.Fix);
            var record = FixedLayer.From(one.Fix, _memory.Epoch, decisions[one.Fix.Name].Value, one.Prepared.OutputError);
            return _watched[one.Fix.Name].Record = record with
            {
                LossBefore = one.Prepared.LossBefore,
                LossAfter = one.Prepared.LossAfter,
                TrialGap = proposal.TrialGap,
            };
        });
    }

    private void Refuse(LayerDecision reason)
    {
        _watched[reason.Name].Refuse(_memory.Epoch, reason);
        Log.LayerWaits(_log, _memory.Epoch, reason.Name, reason.ToString());
    }

    private List<LayerStanding> Standings(CollapseReport collapse)
    {
        var found = collapse.Layers.ToDictionary(layer => layer.Name);
        var order = collapse.Layers.Select((layer, index) => (layer.Name, index)).ToDictionary(layer => layer.Name, layer => layer.index);
        var standings = new List<LayerStanding>();
        var threshold = FixPolicy.Threshold(_options, _memory.Epoch, LastError(collapse));
        foreach (var layer in _watched.Layers.OrderBy(layer => order.GetValueOrDefault(layer.Name, int.MaxValue)))
        {
            var now = found.GetValueOrDefault(layer.Name);
            var (upper, scored) = (now?.Interval?.High, now?.Samples ?? 0);
            layer.Streak = now?.PresentClasses > 1 && FixPolicy.Meets(_options, threshold, now.NccError, upper, scored)
                ? layer.Streak + 1
                : 0;
            standings.Add(new LayerStanding(layer.Name, now?.NccError, upper, scored, layer.Streak, layer.Fix is not null)
            {
                Classes = now?.PresentClasses ?? 0,
                NoErrorReason = now?.Reason,
                Excluded = layer.WhyNot(_optimizers),
                Refusal = layer.Refusal,
                RetryAt = layer.RetryAt,
            });
        }

        return standings;
    }

    private static double? LastError(CollapseReport collapse) =>
        collapse.Layers.LastOrDefault(layer => layer.NccError is not null)?.NccError;

    private CalibrationOptions Calibration(CollapseReport collapse) => new(
        _options.Frame ?? DefaultFrame(collapse), _options.MatchOutputs, _options.MaxPerEpoch, _options.MaxOutputError,
        _options.MaxErrorRise, _options.MaxLossRise, _options.Pooling, Seen(collapse))
    {
        ClassCount = _options.ClassCount,
        Samples = _options.CalibrationSamples,
        MaxShare = _options.MaxCalibrationShare,
    };

    private EtfFrame DefaultFrame(CollapseReport collapse) => EtfFrame.Aligned(DefaultRank(Classes(collapse)));

    /// <summary>Twice as many directions as classes, and such that with the centering they fill whole vectors of 16.</summary>
    internal static int DefaultRank(int classes) => (2 * Math.Max(2, classes) + 16) / 16 * 16 - 1;

    private int Classes(CollapseReport collapse) => _options.ClassCount ?? Seen(collapse);

    private static int Seen(CollapseReport collapse) => collapse.Layers.Select(layer => layer.PresentClasses).DefaultIfEmpty(0).Max();

    private void Announce(List<FixedLayer> fixedNow, List<(FixedLayer Layer, LayerDecision Why)> reverted)
    {
        foreach (var (layer, why) in reverted)
        {
            Log.LayerReverted(_log, _memory.Epoch, layer.Name, why.ToString());
            EtfMeter.LayersReverted.Add(1, new KeyValuePair<string, object?>("layer", layer.Name));
            LayerReverted?.Invoke(this, new LayerRevertedEventArgs(layer, why));
        }

        foreach (var layer in fixedNow)
        {
            EtfMeter.LayersFixed.Add(1, new("layer", layer.Name), new("frame", layer.Frame.ToString()));
            Log.LayerFixed(_log, _memory.Epoch, layer.Name, $"{layer.Frame}", layer.NccError, layer.OutputError);
            if (layer.InPlaceReason is not null)
                Log.LayerFixedInPlace(_log, layer.Name, layer.InPlaceReason);
            if (_optimizers.All.Count == 0)
                Log.NoOptimizer(_log, layer.Name, layer.ParametersFixed * 4);
            LayerFixed?.Invoke(this, new LayerFixedEventArgs(layer));
        }
    }

    private EtfReport NewReport(
        CollapseReport? collapse, IReadOnlyDictionary<string, LayerDecision> decisions, List<FixedLayer> fixedNow,
        List<(FixedLayer Layer, LayerDecision Why)> reverted, long unlabeled = 0, List<string>? remarks = null, TailDecision? tail = null)
    {
        var watched = _watched.Layers.ToDictionary(layer => layer.Name);
        var kept = _guard?.Trials.Select(trial => trial.Epoch).ToHashSet() ?? [];
        var layers = collapse is null
            ? watched.Values.Select(layer => Row(layer.Name, null)).ToList()
            : [.. collapse.Layers.Where(layer => _cutReverted is null || !_gone.Contains(layer.Name))
                .Select(layer => Row(layer.Name, layer))];
        if (_gone.Count > 0)
            layers.AddRange(_monitor.Layers.Except(layers.Select(layer => layer.Name)).Select(name => Row(name, null)).ToList());
        return new EtfReport
        {
            Epoch = _memory.Epoch,
            Layers = layers,
            FixedLayers = [.. watched.Values.Select(layer => layer.Record).OfType<FixedLayer>().OrderBy(layer => layer.Epoch)],
            NewlyFixed = fixedNow,
            Reverted = [.. reverted.Select(entry => entry.Layer.Name)],
            Skipped = _watched.Reach.Skipped,
            ParametersInReach = _watched.Reach.InReach,
            ParametersOutOfReach = _watched.Reach.OutOfReach,
            EffectiveDepth = collapse?.EffectiveDepth(_options.Epsilon),
            UnlabeledForwards = unlabeled,
            Remarks = remarks ?? [],
            Tail = TailOfReport(tail ?? TailNow()),
        };

        EtfLayerReport Row(string name, LayerCollapse? found)
        {
            var record = watched.GetValueOrDefault(name)?.Record;
            return new EtfLayerReport(name, found?.NccError, found?.Interval, record is not null, Decision(name))
            {
                Fix = record,
                IsOnTrial = record is not null && kept.Contains(record.Epoch),
            };
        }

        LayerDecision Decision(string name)
        {
            if (reverted.Find(entry => entry.Layer.Name == name) is { Why: { } why })
                return why;
            if (_cutReverted is null && _gone.Contains(name))
                return new LayerDecision(name, LayerReason.CutOff);
            if (watched.GetValueOrDefault(name)?.Record is not null)
                return new LayerDecision(name, LayerReason.Fixed);
            return decisions.GetValueOrDefault(name)
                ?? (watched.TryGetValue(name, out var layer)
                    ? layer.Excluded ?? layer.Held ?? (_gone.Count > 0 ? new LayerDecision(name, LayerReason.ModelChanged) : null)
                    : new LayerDecision(name, LayerReason.NotACandidate))
                ?? new LayerDecision(name, LayerReason.NotJudged);
        }
    }
}
