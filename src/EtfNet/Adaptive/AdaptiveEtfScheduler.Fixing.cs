using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <content>What happens at the end of an epoch.</content>
public sealed partial class AdaptiveEtfScheduler
{
    private CollapseReport Exact(CollapseReport online)
    {
        var labeled = _inputs.Labeled.ToList();
        if (labeled.Count == 0)
            return online;
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
            standings.Add(new LayerStanding(
                layer.Name, found?.NccError, found?.Interval?.High, found?.Samples ?? 0,
                layer.Streak, layer.Fix is not null, layer.WhyNot(_optimizers)));
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
        foreach (var name in ready)
            if (targets[name].WhyNotAlone(_optimizers.All) is { } reason)
                notes[name] = reason;
        ready.RemoveAll(notes.ContainsKey);
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
        var fixedNow = Fix(prepared, errors, notes, keepOld: cost is not null && _guard is not null);
        if (fixedNow.Count > 0)
        {
            if (cost is not null)
                _guard?.Begin(_epoch, cost.Value);
            if (_options.RecalibrateBatchNorm && _inputs.CanReplay)
                BatchNormRecalibration.Run(_model, _inputs);
        }

        return fixedNow;
    }

    /// <summary>
    /// Fixes prepared layers, all of them or none, but for those that turn out not to fit their layer's dtype, and what was calibrated
    /// behind them.
    /// </summary>
    private List<FixedLayer> Fix(
        IReadOnlyList<PreparedFix> prepared, Dictionary<string, LayerCollapse> errors, Dictionary<string, string> notes, bool keepOld)
    {
        var fixes = new List<(LayerFix Fix, PreparedFix Prepared)>();
        string? broken = null;
        foreach (var one in prepared)
        {
            using var bias = one.Bias;
            var name = one.Target.Name;
            if (broken is not null)
            {
                notes[name] = $"ready; calibrated behind '{broken}', which could not be fixed";
                continue;
            }

            try
            {
                fixes.Add((LayerFix.Prepare(_model, one.Target, one.Etf, bias), one));
            }
            catch (ArgumentException exception)
            {
                broken = name;
                notes[name] = "cannot be fixed: " + Words.Plain(exception);
                _watched[name].Refuse(_epoch, notes[name]);
                Log.LayerWaits(_log, _epoch, name, notes[name]);
            }
        }

        LayerFix.Apply([.. fixes.Select(one => one.Fix)], _optimizers.All, keepOld);
        foreach (var (fix, one) in fixes)
        {
            Take(fix);
            _watched[fix.Name].Record = FixedLayer.From(fix, _epoch, errors[fix.Name].NccError, one.OutputError);
        }

        return [.. fixes.Select(one => _watched[one.Fix.Name].Record!)];
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
            if (_optimizers.All.Count == 0)
                Log.NoOptimizer(_log, layer.Name, layer.ParametersFixed * 4);
            LayerFixed?.Invoke(this, new LayerFixedEventArgs(layer));
        }
    }

    private EtfReport NewReport(CollapseReport? collapse, Dictionary<string, string> notes, List<FixedLayer> fixedNow, List<(FixedLayer Layer, string Reason)> reverted)
    {
        var watched = _watched.Layers.ToDictionary(layer => layer.Name);
        var kept = _guard?.Trials.Select(trial => trial.Epoch).ToHashSet() ?? [];
        var layers = collapse is null
            ? watched.Values.Select(Unscored).ToList()
            : [.. collapse.Layers.Select(layer => new EtfLayerReport(layer.Name, layer.NccError, layer.Interval, watched.GetValueOrDefault(layer.Name)?.Fix is not null, Note(layer.Name)))];
        return new EtfReport
        {
            Epoch = _epoch,
            Layers = layers,
            FixedLayers = [.. watched.Values.Where(layer => layer.Record is not null).Select(layer => layer.Record!).OrderBy(layer => layer.Epoch)],
            NewlyFixed = fixedNow,
            Reverted = [.. reverted.Select(entry => entry.Layer.Name)],
            Skipped = _watched.Reach.Skipped,
            ParametersInReach = _watched.Reach.InReach,
            ParametersOutOfReach = _watched.Reach.OutOfReach,
            EffectiveDepth = collapse?.EffectiveDepth(_options.Epsilon),
        };

        static EtfLayerReport Unscored(WatchedLayer layer) =>
            new(layer.Name, null, null, layer.Fix is not null, layer.Excluded ?? layer.Held ?? "");

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
