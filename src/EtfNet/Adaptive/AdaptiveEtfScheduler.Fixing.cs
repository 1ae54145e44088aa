using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <content>What happens at the end of an epoch.</content>
public sealed partial class AdaptiveEtfScheduler
{
    private EtfReport End(IEnumerable<(Tensor Input, Tensor Labels)>? batches, double? loss, double? accuracy)
    {
        RequireAlive();
        var cost = Cost(loss, accuracy);
        if (_observed == 0 && batches is null)
            throw new InvalidOperationException("No batch was observed in this epoch. Call Observe(labels) after each training step, before EndEpoch.");
        RequireNoForward();
        _watched.RequireUnchanged();

        var collapse = _monitor.EndEpoch();
        var (unlabeled, remarks) = (collapse.UnlabeledForwards, new List<string>());
        _epoch++;
        try
        {
            if (unlabeled > 0)
                Log.UnlabeledForwards(_log, _epoch, unlabeled);
            if (batches is not null)
            {
                collapse = _monitor.Evaluate(batches);
                _inputs.Take(batches);
            }
            else if (_options.Decision == FixDecision.Exact)
            {
                collapse = Exact(collapse, remarks);
            }

            var reverted = cost is null ? [] : TakeBackCostly(cost.Value);
            var notes = new Dictionary<string, string>();
            var fixedNow = FixReady(collapse, cost, notes);
            Report = NewReport(collapse, notes, fixedNow, reverted, unlabeled, remarks);
            Announce(fixedNow, reverted);
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

    private CollapseReport Exact(CollapseReport online, List<string> remarks)
    {
        var labeled = _inputs.Labeled.ToList();
        if (labeled.Count == 0)
        {
            remarks.Add("exact errors need batches of the model's inputs with labels, and none could be kept: the online errors decided");
            return online;
        }

        using (_monitor.Suspend())
            return _monitor.Evaluate(labeled, batch => _inputs.Replay(batch.Inputs), batch => batch.Labels);
    }

    private List<FixedLayer> FixReady(CollapseReport collapse, double? cost, Dictionary<string, string> notes)
    {
        var errors = collapse.Layers.ToDictionary(layer => layer.Name);
        var order = collapse.Layers.Select((layer, index) => (layer.Name, index)).ToDictionary(layer => layer.Name, layer => layer.index);
        var standings = new List<LayerStanding>();
        foreach (var layer in _watched.Layers.OrderBy(layer => order.GetValueOrDefault(layer.Name, int.MaxValue)))
        {
            // A single class is always nearest to itself: that shows no collapse.
            var found = errors.GetValueOrDefault(layer.Name) is { PresentClasses: > 1 } several ? several : null;
            layer.Streak = FixPolicy.Meets(_options, found?.NccError, found?.Interval?.High, found?.Samples ?? 0) ? layer.Streak + 1 : 0;
            standings.Add(new LayerStanding(layer.Name, found?.NccError, found?.Interval?.High, found?.Samples ?? 0, layer.Streak, layer.Fix is not null, layer.Excluded ?? Frozen(layer)));
        }

        var verdicts = FixPolicy.Judge(_options, _epoch, standings);
        foreach (var verdict in verdicts.Where(verdict => !verdict.IsReady))
            notes[verdict.Name] = verdict.Reason != "no error yet" || errors.GetValueOrDefault(verdict.Name) is not { } found ? verdict.Reason
                : found.Reason ?? (found.PresentClasses == 1 ? "only one class was seen" : verdict.Reason);
        var ready = new List<string>();
        foreach (var name in verdicts.Where(verdict => verdict.IsReady).Select(verdict => verdict.Name))
            if (_watched[name].RetryAt > _epoch)
                notes[name] = $"{_watched[name].Refusal}; tried again at the end of epoch {_watched[name].RetryAt}";
            else
                ready.Add(name);
        if (ready.Count == 0)
            return [];

        using var scope = NewDisposeScope();
        var targets = LayerTarget.All(_model).ToDictionary(target => target.Name);
        var preparation = new FixPreparation(_options, _model, _inputs, _layerInputs, _options.Frame ?? DefaultFrame(collapse));
        var prepared = preparation.Prepare([.. ready.Select(name => targets[name])]);
        foreach (var (name, reason) in preparation.Refused)
        {
            notes[name] = reason;
            if (!preparation.Postponed.Contains(name))
                _watched[name].Refuse(_epoch, reason);
            Log.LayerWaits(_log, _epoch, name, reason);
        }

        // Nothing was changed up to here.
        var fixedNow = prepared.Select(one => Fix(one, errors[one.Target.Name].NccError, cost is not null)).ToList();
        if (fixedNow.Count > 0)
        {
            if (cost is not null)
                _guard?.Begin(_epoch, cost.Value);
            if (_options.RecalibrateBatchNorm && _inputs.CanReplay)
                BatchNormRecalibration.Run(_model, _inputs);
        }

        return fixedNow;
    }

    /// <summary>Who froze a layer wants it as it is; it may thaw later.</summary>
    private static string? Frozen(WatchedLayer layer) => layer.Fix is null && !layer.Layer.weight.requires_grad ? "frozen: its weight has requires_grad false" : null;

    private FixedLayer Fix(PreparedFix prepared, double? error, bool keepOld)
    {
        var target = prepared.Target;
        var layer = _watched[target.Name];
        layer.Fix = LayerFix.Commit(_model, target, prepared.Etf, prepared.Bias, _optimizers, keepOld && _guard is not null);
        prepared.Bias?.Dispose();
        _monitor.Follow(layer.Name, layer.Fix.Current);
        layer.Record = FixedLayer.From(layer.Fix, _epoch, error, prepared.OutputError);
        return layer.Record;
    }

    private List<(FixedLayer Layer, string Reason)> TakeBackCostly(double cost)
    {
        var reverted = new List<(FixedLayer, string)>();
        foreach (var (epoch, takeBack, worse) in _guard?.Judge(_epoch, cost) ?? [])
        {
            foreach (var layer in _watched.Layers.Where(layer => layer.Record?.Epoch == epoch).Reverse())
            {
                if (takeBack)
                {
                    var reason = FormattableString.Invariant($"taken back: fixing it in epoch {epoch} cost {worse:0.0000}");
                    reverted.Add(TakeBack(layer, reason));
                    layer.Excluded = reason;
                }
                else
                {
                    layer.Fix!.Release();
                }
            }
        }

        return reverted;
    }

    private (FixedLayer Layer, string Reason) TakeBack(WatchedLayer layer, string reason)
    {
        layer.Layer = layer.Fix!.Revert();
        _monitor.Follow(layer.Name, layer.Layer);
        var record = layer.Record!;
        (layer.Fix, layer.Record, layer.Streak) = (null, null, 0);
        return (record, reason);
    }

    private EtfFrame DefaultFrame(CollapseReport collapse) =>
        EtfFrame.Aligned(2 * Math.Max(2, _options.ClassCount ?? collapse.Layers.Select(layer => layer.PresentClasses).DefaultIfEmpty(0).Max()));

    private void Announce(List<FixedLayer> fixedNow, List<(FixedLayer Layer, string Reason)> reverted)
    {
        foreach (var (layer, reason) in reverted)
        {
            Log.LayerReverted(_log, _epoch, layer.Name, reason);
            EtfMeter.LayersReverted.Add(1, new KeyValuePair<string, object?>("layer", layer.Name));
            LayerReverted?.Invoke(this, new LayerRevertedEventArgs(layer, reason));
        }

        foreach (var layer in fixedNow)
        {
            EtfMeter.LayersFixed.Add(1, new("layer", layer.Name), new("frame", layer.Frame));
            Log.LayerFixed(_log, _epoch, layer.Name, layer.Frame, layer.NccError, layer.OutputError);
            if (layer.InPlaceReason is not null)
                Log.LayerFixedInPlace(_log, layer.Name, layer.InPlaceReason);
            if (_optimizers.Count == 0)
                Log.NoOptimizer(_log, layer.Name, layer.ParametersFixed * 4);
            LayerFixed?.Invoke(this, new LayerFixedEventArgs(layer));
        }
    }

    private EtfReport NewReport(CollapseReport? collapse, Dictionary<string, string> notes, List<FixedLayer> fixedNow, List<(FixedLayer Layer, string Reason)> reverted, long unlabeled = 0, List<string>? remarks = null)
    {
        var watched = _watched.Layers.ToDictionary(layer => layer.Name);
        var kept = _guard?.Trials.Select(trial => trial.Epoch).ToHashSet() ?? [];
        var layers = collapse is null
            ? watched.Values.Select(layer => new EtfLayerReport(layer.Name, null, null, false, layer.Excluded ?? "")).ToList()
            : [.. collapse.Layers.Select(layer => new EtfLayerReport(layer.Name, layer.NccError, layer.Interval, watched.GetValueOrDefault(layer.Name)?.Fix is not null, Note(layer.Name)))];
        return new EtfReport
        {
            Epoch = _epoch,
            Layers = layers,
            FixedLayers = [.. watched.Values.Where(layer => layer.Record is not null).Select(layer => layer.Record!).OrderBy(layer => layer.Epoch)],
            NewlyFixed = fixedNow,
            Reverted = [.. reverted.Select(entry => entry.Layer.Name)],
            Skipped = _watched.Skipped,
            EffectiveDepth = collapse?.EffectiveDepth(_options.Epsilon),
            UnlabeledForwards = unlabeled,
            Remarks = remarks ?? [],
        };

        string Note(string name)
        {
            if (reverted.Find(entry => entry.Layer.Name == name) is { Reason: { } reason })
                return reason;
            if (watched.GetValueOrDefault(name)?.Record is { } record)
                return FormattableString.Invariant($"{record.Frame}{(record.Rank is { } rank ? $" (rank {rank})" : "")} since epoch {record.Epoch}")
                    + (record.InPlace ? ", in place" : "") + (kept.Contains(record.Epoch) ? ", on trial: its old weight is kept" : "");
            return notes.GetValueOrDefault(name) ?? (watched.ContainsKey(name) ? "" : "not a layer to be fixed");
        }
    }
}
