using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Finds frames for layers that are ready. Changes nothing in the model.</summary>
internal sealed class FixPreparation(CalibrationOptions options, nn.Module model, InputSample inputs, LayerInputSample? layerInputs)
{
    private readonly List<LayerDecision> _waiting = [];
    private readonly OutputChoice _choice = new(options.Pooling, inputs.IgnoreIndex);
    private bool _outputsAreLogits;
    private int _tries = int.MaxValue;

    /// <summary>Finds the fixes to make.</summary>
    /// <param name="ready">The layers that are ready, the preferred first.</param>
    public FixProposal Prepare(IReadOnlyList<LayerTarget> ready)
    {
        if (ready.Count == 0)
            return new FixProposal([], [], null, null, null);
        if (inputs.CanReplay)
        {
            var budget = CalibrationBudget.Of(
                inputs.EpochRows, options.MaxShare, options.Samples, Math.Min(options.MaxPerEpoch, ready.Count));
            inputs.Trim(budget.Rows, budget.Least);
            _tries = budget.Passes(inputs.KeptRows) - 1;
            try
            {
                return PrepareByReplay(ready);
            }
            catch (ReplayException exception)
            {
                return Wait(ready, LayerReason.ReplayFailed, exception.Message);
            }
        }

        var samples = layerInputs?.Collect(ready.Select(target => target.Fixable)) ?? [];
        if (samples.Count == 0)
            return Wait(ready, LayerReason.NoSample, null);
        try
        {
            return new FixProposal(Choose(ready, samples), _waiting, null, null, LayerReason.NoReplay);
        }
        finally
        {
            foreach (var (_, sample) in samples)
                sample.Dispose();
        }
    }

    private static FixProposal Wait(IReadOnlyList<LayerTarget> ready, LayerReason reason, string? detail) => new(
        [], [.. ready.Select(target => new LayerDecision(target.Name, reason) { Detail = detail })], null, null, null);

    private FixProposal PrepareByReplay(IReadOnlyList<LayerTarget> ready)
    {
        using var mode = new ReplayMode(model, inputs.FrozenNorms);
        var trials = new Dictionary<nn.Module<Tensor, Tensor>, nn.Module<Tensor, Tensor>>();
        using var before = Pass(mode, ready, trials);
        _outputsAreLogits = before.Outputs.Loss() is not null;
        var order = before.Samples.Select((entry, index) => (entry.Layer, index)).ToDictionary(entry => entry.Layer, entry => entry.index);
        var chosen = Choose(ready, before.Samples);
        chosen.Sort((a, b) => order[a.Target.Fixable.Module].CompareTo(order[b.Target.Fixable.Module]));
        var now = before;
        var fixes = new List<PreparedFix>();
        try
        {
            for (var i = 0; i < chosen.Count; i++)
            {
                if ((trials.Count == 0 ? chosen[i] : FitAgain(chosen[i], before, now)) is not { } prepared)
                    continue;
                var (module, trial) = (prepared.Target.Fixable.Module, prepared.CreateLayer());
                trials.Add(module, trial);
                // The last layer's output is the model's output: no pass is needed to see it.
                var isOutput = i == chosen.Count - 1 && now[module].IsOutput;
                var after = isOutput ? null : Pass(mode, chosen.Skip(i + 1).Select(later => later.Target), trials);
                using var given = isOutput ? TrialOutputs.Of(trial, now[module], options.Pooling) : null;
                var outputs = after?.Outputs ?? given!;
                if (TrialLimits.Refusal(prepared.Target.Name, options, before.Outputs, now.Outputs, outputs) is { } refusal)
                {
                    _waiting.Add(refusal);
                    trials.Remove(module);
                    trial.Dispose();
                    prepared.Bias?.Dispose();
                    after?.Dispose();
                    continue;
                }

                fixes.Add(prepared with { LossBefore = before.Outputs.Loss(), LossAfter = outputs.LossOf(before.Outputs) });
                if (after is null)
                    continue;
                if (!ReferenceEquals(now, before))
                    now.Dispose();
                now = after;
            }

            var unscored = before.Outputs.NccError() is null ? LayerReason.OutputsNotScored
                : before.Outputs.Loss() is null && double.IsFinite(options.MaxLossRise) ? LayerReason.LossNotScored
                : (LayerReason?)null;
            return fixes.Count == 0
                ? new FixProposal([], _waiting, null, null, unscored)
                : new FixProposal(
                    fixes, _waiting, before.TakeAverages(), ReferenceEquals(now, before) ? null : now.TakeAverages(), unscored);
        }
        catch
        {
            foreach (var prepared in chosen.Concat(fixes))
                prepared.Bias?.Dispose();
            throw;
        }
        finally
        {
            foreach (var trial in trials.Values)
                trial.Dispose();
            if (!ReferenceEquals(now, before))
                now.Dispose();
        }
    }

    private CalibrationPass Pass(ReplayMode mode, IEnumerable<LayerTarget> targets,
        IReadOnlyDictionary<nn.Module<Tensor, Tensor>, nn.Module<Tensor, Tensor>> trials) =>
        CalibrationPass.Run(model, mode, inputs, [.. targets.Select(target => target.Fixable)], trials, options.Pooling, _choice);

    /// <summary>Takes the preferred layers whose frames come near enough, as many as may be tried.</summary>
    private List<PreparedFix> Choose(IReadOnlyList<LayerTarget> ready,
        IReadOnlyList<(nn.Module<Tensor, Tensor> Layer, LayerSample Sample)> samples)
    {
        var seen = samples.ToDictionary(entry => entry.Layer, entry => entry.Sample);
        var (chosen, tried) = (new List<PreparedFix>(), 0);
        foreach (var target in ready)
            if (chosen.Count == options.MaxPerEpoch)
                _waiting.Add(new LayerDecision(target.Name, LayerReason.MaxPerEpoch) { Limit = options.MaxPerEpoch });
            else if (!seen.TryGetValue(target.Fixable.Module, out var sample))
                _waiting.Add(new LayerDecision(target.Name, LayerReason.InputsNotSeen));
            else if (IsClassifier(sample) && options.ClassesSeen < HeadClasses(target))
                _waiting.Add(new LayerDecision(target.Name, LayerReason.ClassesUnseen)
                {
                    Value = options.ClassesSeen,
                    Limit = HeadClasses(target),
                });
            else if (!sample.IsOutput && tried++ >= _tries)
                _waiting.Add(new LayerDecision(target.Name, LayerReason.CalibrationBudget) { Limit = options.MaxShare });
            else if (Fit(target, sample, sample.Outputs) is { } prepared)
                chosen.Add(prepared);
        return chosen;
    }

    /// <summary>Whether a layer gives the network's class scores, row by row.</summary>
    private bool IsLogits(LayerSample sample) => sample.IsHead && _outputsAreLogits;

    /// <summary>Whether a layer gives the network's class scores, row by row or as means over positions.</summary>
    private bool IsClassifier(LayerSample sample) => (sample.IsHead || sample.IsPooledHead) && _outputsAreLogits;

    /// <summary>How many classes a head tells apart.</summary>
    private long HeadClasses(LayerTarget head) => Math.Min(head.Fixable.Matrix.Rows, options.ClassCount ?? long.MaxValue);

    /// <summary>Fits a layer again, to what it sees now that earlier ones are fixed, and to what it gave before.</summary>
    private PreparedFix? FitAgain(PreparedFix first, CalibrationPass before, CalibrationPass now)
    {
        if (!options.MatchOutputs && options.Frame.Kind is not (EtfFrameKind.Aligned or EtfFrameKind.Nearest))
            return first;
        first.Bias?.Dispose();
        return Fit(first.Target, now[first.Target.Fixable.Module], before[first.Target.Fixable.Module].Outputs);
    }

    private PreparedFix? Fit(LayerTarget target, LayerSample seen, Tensor wanted)
    {
        FrameFit fit;
        try
        {
            fit = target.Fixable.Fit(options.Frame, seen.Inputs, wanted, new FrameFitOptions
            {
                Labels = seen.Labels,
                Match = options.MatchOutputs,
                Normalization = seen.Normalization,
                IsHead = IsLogits(seen),
            });
        }
        catch (ArgumentException exception)
        {
            _waiting.Add(new LayerDecision(target.Name, LayerReason.CannotFit) { Detail = Words.Plain(exception) });
            return null;
        }

        if (fit.OutputError <= options.MaxOutputError && !target.BiasIsBound)
            return new PreparedFix(target, fit.Etf, fit.Bias, fit.OutputError);
        fit.Bias?.Dispose();
        if (fit.OutputError <= options.MaxOutputError)
            return new PreparedFix(target, fit.Etf, null, fit.OutputError);
        _waiting.Add(new LayerDecision(target.Name, LayerReason.OutputErrorAboveLimit)
        {
            Value = fit.OutputError,
            Limit = options.MaxOutputError,
        });
        return null;
    }
}
