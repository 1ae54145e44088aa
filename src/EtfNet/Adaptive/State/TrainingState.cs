using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>A whole training at one moment: which layers are fixed, every weight and buffer, optimizers, scheduler. Holds no native memory.</summary>
internal sealed record TrainingState(
    IReadOnlyList<PlannedLayer> Plan, IReadOnlyList<TensorMemory> Tensors, IReadOnlyList<OptimizerMemory> Optimizers, SchedulerMemory? Scheduler)
{
    /// <exception cref="InvalidOperationException">An optimizer has no state for one of its parameters.</exception>
    public static TrainingState Capture(torch.nn.Module model, IReadOnlyList<OptimizerHelper> optimizers, SchedulerMemory? scheduler)
    {
        var names = LiveSchedulers.NamesIn(model, optimizers);
        return new TrainingState(
            FixedModules.Of(model),
            [.. model.state_dict().Select(entry => TensorMemory.Capture(entry.Key, entry.Value))],
            [.. optimizers.Select(optimizer => OptimizerMemory.Capture(optimizer, names))],
            scheduler);
    }

    /// <summary>Which optimizer takes which state: by their order.</summary>
    /// <exception cref="ArgumentException">There are more or fewer than were saved.</exception>
    public IReadOnlyList<(OptimizerHelper Optimizer, OptimizerMemory Memory)> Pair(IReadOnlyList<OptimizerHelper> optimizers) =>
        optimizers.Count == Optimizers.Count
            ? [.. optimizers.Zip(Optimizers)]
            : throw new ArgumentException(
                $"The state holds {Words.Count(Optimizers.Count, "optimizer")}; given: {optimizers.Count}. "
                + "A scheduler that was told of an optimizer which is no longer used forgets it by RemoveOptimizer.", nameof(optimizers));

    /// <summary>Checks that this fits a model and its optimizers, before anything changes.</summary>
    /// <param name="model">The model.</param>
    /// <param name="pairs">The optimizers that will take saved states.</param>
    /// <param name="returning">The layers that are fixed now and will be trained again before the state is filled in, in that order.</param>
    /// <param name="known">All optimizers that weights return to.</param>
    /// <exception cref="ArgumentException">It does not fit.</exception>
    public void Require(
        torch.nn.Module model, IReadOnlyList<(OptimizerHelper Optimizer, OptimizerMemory Memory)> pairs,
        IReadOnlyList<LayerFix> returning, IReadOnlyList<OptimizerHelper> known)
    {
        var leaving = PlanApplication.Require(model, Plan, [.. returning.Select(fix => fix.Name)]);
        new ExpectedState(model, Plan, leaving, returning).Require(Tensors);

        var names = LiveSchedulers.NamesIn(model, known);
        var gone = leaving.Select(step => step.Target.Fixable.Weight.Handle).ToHashSet();
        var back = returning.Where(fix => Plan.All(layer => layer.Name != fix.Name))
            .SelectMany(fix => fix.ReturnsTo(known), (fix, place) => (place.Group, Name: Join(fix.Name, "weight"))).ToList();
        var saved = Tensors.ToDictionary(tensor => tensor.Name);
        foreach (var (optimizer, memory) in pairs)
        {
            var after = TorchSharpInternals.Groups(optimizer).Select(group => (IReadOnlyCollection<string>)names.In(group)
                .Where(one => !gone.Contains(one.Parameter.Handle) && !ParameterNames.IsForeign(one.Name)).Select(one => one.Name)
                .Concat(back.Where(one => one.Group == group).Select(one => one.Name)).ToHashSet()).ToList();
            if (memory.Mismatch(optimizer, after, saved.GetValueOrDefault) is { } mismatch)
                throw new ArgumentException($"The state does not fit: {mismatch}.", nameof(pairs));
        }
    }

    /// <summary>Writes weights, buffers and optimizer state, once the right layers are fixed.</summary>
    public void Fill(torch.nn.Module model, IReadOnlyList<(OptimizerHelper Optimizer, OptimizerMemory Memory)> pairs)
    {
        var state = model.state_dict();
        foreach (var tensor in Tensors)
            tensor.Restore(state[tensor.Name]);
        var names = LiveSchedulers.NamesIn(model, [.. pairs.Select(pair => pair.Optimizer)]);
        foreach (var (optimizer, memory) in pairs)
            memory.Restore(optimizer, names);
    }

    private static string Join(string layer, string tensor) => layer.Length == 0 ? tensor : $"{layer}.{tensor}";
}
