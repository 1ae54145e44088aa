using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Whether the tail of a model may be cut off.</summary>
internal static class TailReadiness
{
    /// <summary>Why no cut is tried, whatever the errors; null where one may be.</summary>
    public static TailDecision? Obstacle(
        nn.Module model, AdaptiveEtfOptions options, SchedulerMemory memory, KnownOptimizers optimizers, InputSample inputs)
    {
        if (memory.Cut is { } standing)
            return new TailDecision(TailReason.Cut) { Layer = standing.Layer, Epoch = standing.Epoch };
        if (memory.CutHeld is { } held)
            return held;
        if (memory.Epoch <= options.WarmupEpochs)
            return new TailDecision(TailReason.WarmingUp) { Value = memory.Epoch, Limit = options.WarmupEpochs };
        if (optimizers.All.Count == 0)
            return new TailDecision(TailReason.NoOptimizer);
        if (!inputs.CanReplay)
            return new TailDecision(TailReason.NoReplay);
        return ModuleTree.Walk(model).All(node => PlainSequential.Of(node.Parent) is null)
            ? new TailDecision(TailReason.NotPossible) { Detail = "the model has no Sequential: build it from one to have it cut" }
            : null;
    }

    /// <summary>The layers before the collapsed tail: from each of them on, some error is above a threshold.</summary>
    /// <returns>Their names; null where no more than the last layer has collapsed.</returns>
    public static IReadOnlyList<string>? Early(
        AdaptiveEtfOptions options, double threshold, CollapseReport collapse, WatchedLayers watched)
    {
        var layers = collapse.Layers.Where(layer => layer.HasPlace).ToList();
        var last = layers.FindLastIndex(layer => !(layer.NccError is null
            ? watched.Find(layer.Name)?.Fix is not null
            : layer.PresentClasses > 1 && FixPolicy.Meets(options, threshold, layer.NccError, layer.Interval?.High, layer.Samples)));
        return last < layers.Count - 2 ? [.. layers.Take(last + 1).Select(layer => layer.Name)] : null;
    }
}
