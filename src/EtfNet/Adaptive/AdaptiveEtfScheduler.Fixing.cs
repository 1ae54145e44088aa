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

    private List<FixedLayer> FixReady(CollapseReport collapse, double? cost, Dictionary<string, LayerDecision> decisions)
    {
        foreach (var decision in FixPolicy.Decide(_options, _epoch, Standings(collapse), LastError(collapse)))
            decisions[decision.Name] = decision;
        var ready = decisions.Values.Where(decision => decision.IsReady).ToList();
        if (ready.Count == 0)
            return [];

        using var scope = NewDisposeScope();
        var targets = LayerTarget.All(_model).ToDictionary(target => target.Name);
        using var proposal = new FixPreparation(Calibration(collapse), _model, _inputs, _layerInputs).Prepare([.. ready.Select(decision => targets[decision.Name])]);
        foreach (var waiting in proposal.Waiting)
        {
            decisions[waiting.Name] = waiting;
            if (waiting.Reason != LayerReason.MaxPerEpoch)
                _watched[waiting.Name].Refuse(_epoch, waiting);
            Log.LayerWaits(_log, _epoch, waiting.Name, waiting.ToString());
        }

        // Nothing was changed up to here.
        var fixedNow = proposal.Fixes.Select(one => Fix(one, (double?)decisions[one.Target.Name].Value, cost is not null, proposal.TrialGap)).ToList();
        if (fixedNow.Count > 0 && cost is not null)
            _guard?.Begin(_epoch, cost.Value);
        proposal.UpdateRunningStatistics();
        return fixedNow;
    }

    private List<LayerStanding> Standings(CollapseReport collapse)
    {
        var found = collapse.Layers.ToDictionary(layer => layer.Name);
        var order = collapse.Layers.Select((layer, index) => (layer.Name, index)).ToDictionary(layer => layer.Name, layer => layer.index);
        var standings = new List<LayerStanding>();
        var threshold = FixPolicy.Threshold(_options, _epoch, LastError(collapse));
        foreach (var layer in _watched.Layers.OrderBy(layer => order.GetValueOrDefault(layer.Name, int.MaxValue)))
        {
            var now = found.GetValueOrDefault(layer.Name);
            var (upper, scored) = (now?.Interval?.High, now?.Samples ?? 0);
            layer.Streak = now?.PresentClasses > 1 && FixPolicy.Meets(_options, threshold, now.NccError, upper, scored) ? layer.Streak + 1 : 0;
            standings.Add(new LayerStanding(layer.Name, now?.NccError, upper, scored, layer.Streak, layer.Fix is not null)
            {
                Classes = now?.PresentClasses ?? 0,
                NoErrorReason = now?.Reason,
                Excluded = layer.Excluded ?? Frozen(layer),
                Refusal = layer.Refusal,
                RetryAt = layer.RetryAt,
            });
        }

        return standings;
    }

    private static double? LastError(CollapseReport collapse) => collapse.Layers.LastOrDefault(layer => layer.NccError is not null)?.NccError;

    private CalibrationOptions Calibration(CollapseReport collapse) => new(
        _options.Frame ?? DefaultFrame(collapse), _options.MatchOutputs, _options.MaxPerEpoch, _options.MaxOutputError, _options.MaxErrorRise, _options.MaxLossRise,
        _options.Pooling, Classes(collapse));

    /// <summary>Frozen layers are left alone until they are unfrozen.</summary>
    private static LayerDecision? Frozen(WatchedLayer layer) =>
        layer.Fix is null && !layer.Layer.weight.requires_grad ? new LayerDecision(layer.Name, LayerReason.Frozen) : null;

    private FixedLayer Fix(PreparedFix prepared, double? error, bool keepOld, LayerReason? trialGap)
    {
        var target = prepared.Target;
        var layer = _watched[target.Name];
        layer.Fix = LayerFix.Commit(_model, target, prepared.Etf, prepared.Bias, _optimizers, keepOld && _guard is not null);
        _monitor.Follow(layer.Name, layer.Fix.Current);
        layer.Record = FixedLayer.From(layer.Fix, _epoch, error, prepared.OutputError) with
        {
            LossBefore = prepared.LossBefore,
            LossAfter = prepared.LossAfter,
            TrialGap = trialGap,
        };
        return layer.Record;
    }

    private List<(FixedLayer Layer, LayerDecision Why)> RevertCostly(double cost)
    {
        var reverted = new List<(FixedLayer, LayerDecision)>();
        foreach (var (epoch, takeBack, worse) in _guard?.Judge(_epoch, cost) ?? [])
        {
            foreach (var layer in _watched.Layers.Where(layer => layer.Record?.Epoch == epoch).Reverse())
            {
                if (takeBack)
                {
                    layer.Excluded = new LayerDecision(layer.Name, LayerReason.RevertedByGuard) { Epoch = epoch, Value = worse, Limit = _options.Guard!.Tolerance };
                    reverted.Add((TakeBack(layer), layer.Excluded));
                }
                else
                {
                    layer.Fix!.Release();
                }
            }
        }

        return reverted;
    }

    private FixedLayer TakeBack(WatchedLayer layer)
    {
        layer.Layer = layer.Fix!.Revert();
        _monitor.Follow(layer.Name, layer.Layer);
        var record = layer.Record!;
        (layer.Fix, layer.Record, layer.Streak) = (null, null, 0);
        return record;
    }

    private EtfFrame DefaultFrame(CollapseReport collapse) => EtfFrame.Aligned(DefaultRank(Classes(collapse)));

    /// <summary>Twice as many directions as classes, and such that with the centering they fill whole vectors of 16.</summary>
    internal static int DefaultRank(int classes) => (2 * Math.Max(2, classes) + 16) / 16 * 16 - 1;

    private int Classes(CollapseReport collapse) => _options.ClassCount ?? collapse.Layers.Select(layer => layer.PresentClasses).DefaultIfEmpty(0).Max();

    private void Announce(List<FixedLayer> fixedNow, List<(FixedLayer Layer, LayerDecision Why)> reverted)
    {
        foreach (var (layer, why) in reverted)
        {
            Log.LayerReverted(_log, _epoch, layer.Name, why.ToString());
            EtfMeter.LayersReverted.Add(1, new KeyValuePair<string, object?>("layer", layer.Name));
            LayerReverted?.Invoke(this, new LayerRevertedEventArgs(layer, why));
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

    private EtfReport NewReport(CollapseReport? collapse, IReadOnlyDictionary<string, LayerDecision> decisions, List<FixedLayer> fixedNow, List<(FixedLayer Layer, LayerDecision Why)> reverted)
    {
        var watched = _watched.Layers.ToDictionary(layer => layer.Name);
        var kept = _guard?.Trials.Select(trial => trial.Epoch).ToHashSet() ?? [];
        var layers = collapse is null
            ? watched.Values.Select(layer => Row(layer.Name, null)).ToList()
            : [.. collapse.Layers.Select(layer => Row(layer.Name, layer))];
        return new EtfReport
        {
            Epoch = _epoch,
            Layers = layers,
            FixedLayers = [.. watched.Values.Where(layer => layer.Record is not null).Select(layer => layer.Record!).OrderBy(layer => layer.Epoch)],
            NewlyFixed = fixedNow,
            Reverted = [.. reverted.Select(entry => entry.Layer.Name)],
            Skipped = _watched.Skipped,
            EffectiveDepth = collapse?.EffectiveDepth(_options.Epsilon),
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
            if (watched.GetValueOrDefault(name)?.Record is not null)
                return new LayerDecision(name, LayerReason.Fixed);
            return decisions.GetValueOrDefault(name)
                ?? (watched.TryGetValue(name, out var layer) ? layer.Excluded ?? new LayerDecision(name, LayerReason.NotJudged) : new LayerDecision(name, LayerReason.NotACandidate));
        }
    }
}
