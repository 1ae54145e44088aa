using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <content>Fixing the layers that are ready.</content>
public sealed partial class AdaptiveEtfScheduler
{
    private List<FixedLayer> FixReady(CollapseReport collapse, double? cost, Dictionary<string, LayerDecision> decisions)
    {
        var standings = LayerStandings.Count(_options, _memory.Epoch, collapse, _watched.Layers, _optimizers);
        foreach (var decision in FixPolicy.Decide(_options, _memory.Epoch, standings, LayerStandings.LastError(collapse)))
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
        using var proposal = new FixPreparation(CalibrationChoice.For(_options, collapse), _model, _inputs, _layerInputs)
            .Prepare([.. ready.Where(decision => decisions[decision.Name].IsReady).Select(decision => targets[decision.Name])]);
        foreach (var waiting in proposal.Waiting)
        {
            decisions[waiting.Name] = waiting;
            if (waiting.Reason is not (LayerReason.MaxPerEpoch or LayerReason.CalibrationBudget or LayerReason.NoSample))
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
    /// Fixes prepared layers, all or none, except a layer whose dtype turns out not to hold its frame, and the layers calibrated behind it.
    /// </summary>
    private List<FixedLayer> Fix(FixProposal proposal, Dictionary<string, LayerDecision> decisions, bool keepOld)
    {
        var fixes = Prepare(proposal, decisions, inPlace: false);
        using var check = Begin();
        if (!Apply(check is null ? null : check.Holds))
        {
            fixes = Prepare(proposal, decisions, inPlace: check!.IsCertain());
            Apply(null);
        }

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

        ReplacementCheck? Begin()
        {
            try
            {
                return ReplacementCheck.Begin(_model, _inputs, [.. fixes.Select(one => one.Prepared)]);
            }
            catch
            {
                fixes.ForEach(one => one.Fix.Discard());
                throw;
            }
        }

        bool Apply(Func<bool>? holds) => LayerFix.Apply([.. fixes.Select(one => one.Fix)], _optimizers.All, keepOld, holds);
    }

    private List<(LayerFix Fix, PreparedFix Prepared)> Prepare(
        FixProposal proposal, Dictionary<string, LayerDecision> decisions, bool inPlace)
    {
        var fixes = new List<(LayerFix Fix, PreparedFix Prepared)>();
        string? unfit = null;
        foreach (var prepared in proposal.Fixes)
        {
            var (name, target) = (prepared.Target.Name, prepared.Target);
            if (inPlace)
                target = target with { InPlaceReason = target.InPlaceReason ?? ReplacementCheck.Failure };
            try
            {
                if (unfit is null)
                    fixes.Add((LayerFix.Prepare(_model, target, prepared.Etf, prepared.Bias), prepared));
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

        return fixes;
    }

    private void Refuse(LayerDecision reason)
    {
        _watched[reason.Name].Refuse(_memory.Epoch, reason);
        Log.LayerWaits(_log, _memory.Epoch, reason.Name, reason.ToString());
    }

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
}
