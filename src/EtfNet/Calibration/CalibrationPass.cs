using System.Numerics;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Rows of what a layer saw and of what it gave, and where they come one to one with labels those.</summary>
internal sealed record LayerSample(Tensor Inputs, Tensor Outputs, Tensor? Labels = null) : IDisposable
{
    public void Dispose()
    {
        Inputs.Dispose();
        Outputs.Dispose();
        Labels?.Dispose();
    }
}

/// <summary>Runs the kept inputs through the model in evaluation mode and collects what given layers see.</summary>
internal static class CalibrationPass
{
    private const int MaxRows = 4096;

    /// <summary>Collects the layers' samples, in the order in which the layers are called; a layer that is not called is absent.</summary>
    /// <param name="model">The model; its modes are restored and no batch-norm statistic moves.</param>
    /// <param name="sample">The kept inputs.</param>
    /// <param name="layers">The layers to look at.</param>
    /// <param name="trials">Modules whose outputs stand in for those of the layers that they are to replace.</param>
    public static IReadOnlyList<(Linear Layer, LayerSample Sample)> Run(
        nn.Module model, InputSample sample, IEnumerable<Linear> layers, IReadOnlyDictionary<Linear, nn.Module<Tensor, Tensor>> trials)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var mode = new EvaluationMode(model);
        var rows = layers.ToDictionary(layer => layer, _ => new Rows());
        var order = new List<Linear>();
        var rowsPerCall = Math.Max(1, MaxRows / sample.BatchCount);
        var hooks = rows.Select(entry => entry.Key.register_forward_hook((_, input, output) =>
        {
            if (entry.Value.Inputs.Count == 0)
                order.Add(entry.Key);
            entry.Value.Inputs.Add(Some(input, rowsPerCall));
            entry.Value.Outputs.Add(Some(output, rowsPerCall));
            if (sample.ReplayedLabels is { } labels && input.dim() == 2 && input.shape[0] == labels.shape[0])
                entry.Value.Labels.Add(Some(labels.unsqueeze(1), rowsPerCall));
            return null!;
        })).ToList();
        hooks.AddRange(TrialHooks.Attach(trials));
        try
        {
            sample.ReplayAll();
            return [.. order.Select(layer => (layer, rows[layer].Join()))];
        }
        finally
        {
            hooks.ForEach(hook => hook.remove());
            foreach (var tensor in rows.Values.SelectMany(kept => kept.Inputs.Concat(kept.Outputs).Concat(kept.Labels)))
                tensor.Dispose();
        }
    }

    /// <summary>At most so many rows of some features, evenly spaced, as a copy of its own.</summary>
    public static Tensor Some(Tensor features, int most)
    {
        using var scope = NewDisposeScope();
        var flat = features.detach().reshape(-1, features.shape[^1]);
        var step = (flat.shape[0] + most - 1) / most;
        // A step that shares a factor with the tokens of a sample would meet the same few tokens in every sample.
        var perSample = flat.shape[0] / Math.Max(1, features.shape[0]);
        while (BigInteger.GreatestCommonDivisor(step, perSample) > 1)
            step++;
        return (step > 1 ? flat.slice(0, 0, flat.shape[0], step) : flat).clone().DetachFromDisposeScope();
    }

    private sealed class Rows
    {
        public List<Tensor> Inputs { get; } = [];

        public List<Tensor> Outputs { get; } = [];

        public List<Tensor> Labels { get; } = [];

        public LayerSample Join() => new(cat(Inputs).DetachFromDisposeScope(), cat(Outputs).DetachFromDisposeScope(),
            Labels.Count == Inputs.Count ? cat(Labels).squeeze(1).DetachFromDisposeScope() : null);
    }
}
