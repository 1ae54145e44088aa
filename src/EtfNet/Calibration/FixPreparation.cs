using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A frame found for a layer, ready to be put in.</summary>
/// <param name="Target">The layer.</param>
/// <param name="Etf">The frame.</param>
/// <param name="Bias">The bias's new value; null leaves it as it is.</param>
/// <param name="OutputError">The relative output error.</param>
internal sealed record PreparedFix(LayerTarget Target, SimplexEtf Etf, Tensor? Bias, double OutputError);

/// <summary>Finds frames for layers that are ready. Changes nothing in the model.</summary>
internal sealed class FixPreparation(AdaptiveEtfOptions options, nn.Module model, InputSample inputs, LayerInputSample? layerInputs, EtfFrame frame)
{
    /// <summary>Why layers were left out, by name.</summary>
    public Dictionary<string, string> Refused { get; } = [];

    /// <summary>Those of them that were not tried, as others came first.</summary>
    public HashSet<string> Postponed { get; } = [];

    /// <summary>The switches to make, in forward order.</summary>
    /// <param name="ready">The layers that are ready, the preferred first.</param>
    public IReadOnlyList<PreparedFix> Prepare(IReadOnlyList<LayerTarget> ready)
    {
        if (ready.Count == 0)
            return [];
        var samples = Collect(ready.Select(target => target.Layer), new Dictionary<Linear, nn.Module<Tensor, Tensor>>());
        try
        {
            var byLayer = samples.ToDictionary(entry => entry.Layer, entry => entry.Sample);
            var chosen = Choose(ready, byLayer);
            var order = samples.Select((entry, index) => (entry.Layer, index)).ToDictionary(entry => entry.Layer, entry => entry.index);
            chosen.Sort((a, b) => order[a.Target.Layer].CompareTo(order[b.Target.Layer]));
            return inputs.CanReplay && chosen.Count > 0 ? Chain(chosen, byLayer) : chosen;
        }
        finally
        {
            foreach (var (_, sample) in samples)
                sample.Dispose();
        }
    }

    /// <summary>Takes the preferred layers whose frames come near enough.</summary>
    private List<PreparedFix> Choose(IReadOnlyList<LayerTarget> ready, Dictionary<Linear, LayerSample> samples)
    {
        var chosen = new List<PreparedFix>();
        foreach (var target in ready)
        {
            if (chosen.Count == options.MaxPerEpoch)
            {
                Refused[target.Name] = $"ready; its turn comes later: at most {Words.Count(options.MaxPerEpoch, "layer")} an epoch";
                Postponed.Add(target.Name);
            }
            else if (!samples.TryGetValue(target.Layer, out var sample))
                Refused[target.Name] = "ready, but its inputs were never seen: the model calls its forward instead of call";
            else if (Fit(target, sample, sample.Outputs) is { } prepared)
                chosen.Add(prepared);
        }

        return chosen;
    }

    /// <summary>Fits each layer again to what it sees once the earlier ones are fixed, and to what it gave before; leaves out those that would cost the network too much.</summary>
    private List<PreparedFix> Chain(List<PreparedFix> chosen, Dictionary<Linear, LayerSample> before)
    {
        var trials = new Dictionary<Linear, nn.Module<Tensor, Tensor>>();
        var result = new List<PreparedFix>();
        try
        {
            var error = Score(trials);
            foreach (var first in chosen)
            {
                var layer = first.Target.Layer;
                if ((trials.Count == 0 ? first : FitAgain(first, before[layer], trials)) is not { } prepared)
                    continue;
                trials.Add(layer, Trial(prepared));
                var after = error is null ? null : Score(trials);
                if (after - error > options.MaxErrorRise)
                {
                    Refused[first.Target.Name] = FormattableString.Invariant($"waits: the outputs' NCC error would rise from {error:0.000} to {after:0.000}, by more than {options.MaxErrorRise:0.000}");
                    trials.Remove(layer, out var refused);
                    refused!.Dispose();
                    prepared.Bias?.Dispose();
                    continue;
                }

                result.Add(prepared);
            }

            return result;
        }
        finally
        {
            foreach (var trial in trials.Values)
                trial.Dispose();
        }
    }

    private double? Score(IReadOnlyDictionary<Linear, nn.Module<Tensor, Tensor>> trials) =>
        double.IsPositiveInfinity(options.MaxErrorRise) ? null : TrialScore.Of(model, inputs, trials, options.Pooling);

    private PreparedFix? FitAgain(PreparedFix first, LayerSample before, Dictionary<Linear, nn.Module<Tensor, Tensor>> trials)
    {
        first.Bias?.Dispose();
        var now = Collect([first.Target.Layer], trials);
        try
        {
            return Fit(first.Target, now[0].Sample, before.Outputs);
        }
        finally
        {
            now[0].Sample.Dispose();
        }
    }

    private PreparedFix? Fit(LayerTarget target, LayerSample seen, Tensor wanted)
    {
        var weight = target.Layer.weight;
        FrameFit fit;
        try
        {
            fit = FrameFit.To(frame, weight, target.Layer.bias, seen.Inputs, wanted, seen.Labels);
        }
        catch (ArgumentException exception)
        {
            Refused[target.Name] = "no frame could be fitted: " + Words.Plain(exception);
            return null;
        }

        if (!(fit.OutputError <= options.MaxOutputError))
        {
            fit.Bias?.Dispose();
            Refused[target.Name] = FormattableString.Invariant($"waits: a frame's outputs would be {fit.OutputError:0.00} away, more than {options.MaxOutputError:0.00}");
            return null;
        }

        if (options.MatchOutputs)
            return new PreparedFix(target, fit.Etf, fit.Bias, fit.OutputError);
        fit.Bias?.Dispose();
        return new PreparedFix(target, fit.Etf.WithScale(1), null, fit.OutputError);
    }

    private static SimplexEtfLinear Trial(PreparedFix prepared)
    {
        using var noGrad = no_grad();
        var layer = prepared.Target.Layer;
        var bias = (prepared.Bias ?? layer.bias)?.detach().to(layer.weight.dtype).to(layer.weight.device).clone();
        return new SimplexEtfLinear(prepared.Etf, bias is null ? null : new Parameter(bias.DetachFromDisposeScope(), requires_grad: false), dtype: layer.weight.dtype, device: layer.weight.device);
    }

    private IReadOnlyList<(Linear Layer, LayerSample Sample)> Collect(IEnumerable<Linear> layers, IReadOnlyDictionary<Linear, nn.Module<Tensor, Tensor>> trials) =>
        inputs.CanReplay ? CalibrationPass.Run(model, inputs, layers, trials) : layerInputs?.Collect(layers) ?? [];
}
