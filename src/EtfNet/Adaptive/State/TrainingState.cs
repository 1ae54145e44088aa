using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>A whole training at one moment: which layers are fixed, every weight and buffer, optimizers, scheduler. Holds no native memory.</summary>
internal sealed record TrainingState(
    IReadOnlyList<PlannedLayer> Plan, IReadOnlyList<TensorMemory> Tensors, IReadOnlyList<OptimizerMemory> Optimizers, SchedulerMemory? Scheduler)
{
    public static TrainingState Capture(torch.nn.Module model, IReadOnlyList<OptimizerHelper> optimizers, SchedulerMemory? scheduler)
    {
        var names = Names(model, []);
        return new TrainingState(
            FixedModules.Of(model),
            [.. State(model).Select(entry => TensorMemory.Capture(entry.Key, entry.Value))],
            [.. optimizers.Select(optimizer => OptimizerMemory.Capture(optimizer, names))],
            scheduler);
    }

    /// <summary>Checks that this fits a model and its optimizers, before anything changes.</summary>
    /// <param name="model">The model.</param>
    /// <param name="optimizers">Its optimizers.</param>
    /// <param name="returning">The layers that are fixed now and will be trained again before the state is filled in, in that order.</param>
    /// <exception cref="ArgumentException">It does not fit.</exception>
    public void Require(torch.nn.Module model, IReadOnlyList<OptimizerHelper> optimizers, IReadOnlyList<LayerFix> returning)
    {
        var leaving = PlanApplication.Require(model, Plan, [.. returning.Select(fix => fix.Name)]);
        var replaced = Plan.Where(layer => !layer.InPlace).Select(layer => layer.Name).ToHashSet();
        var state = State(model);
        var saved = Tensors.ToDictionary(tensor => tensor.Name);
        foreach (var tensor in Tensors.Where(tensor => !IsOf(replaced, tensor.Name)))
        {
            // The weight of a layer that is fixed now and was trained then comes back with the layer.
            if (!state.TryGetValue(tensor.Name, out var target) && !IsOfFixed(model, tensor.Name))
                throw new ArgumentException($"{model.GetType().Name} has no '{tensor.Name}': the state was saved from another architecture.", nameof(model));
            if (target is not null && tensor.Mismatch(target) is { } mismatch && !IsOfFixed(model, tensor.Name))
                throw new ArgumentException($"The state was saved from another architecture: {mismatch}.", nameof(model));
        }

        foreach (var name in state.Keys)
            if (!saved.ContainsKey(name) && !IsOf(replaced, name) && !IsOfFixed(model, name))
                throw new ArgumentException($"The state has nothing for '{name}': it was saved from another architecture.", nameof(model));
        if (optimizers.Count != Optimizers.Count)
            throw new ArgumentException($"The state holds {Words.Count(Optimizers.Count, "optimizer")}; given: {optimizers.Count}.", nameof(optimizers));
        var names = Names(model, [.. leaving.Where(target => target.WeightShared)]);
        var gone = leaving.Where(target => !target.WeightShared).Select(target => target.Layer.weight.Handle).ToHashSet();
        var back = returning.Where(fix => Plan.All(layer => layer.Name != fix.Name)).ToList();
        foreach (var (optimizer, memory) in optimizers.Zip(Optimizers))
            if (memory.Mismatch(optimizer, OptimizerMemory.NamesAfter(optimizer, names, back, gone)) is { } mismatch)
                throw new ArgumentException($"The state does not fit: {mismatch}.", nameof(optimizers));
    }

    /// <summary>Writes weights, buffers and optimizer state, once the right layers are fixed.</summary>
    public void Fill(torch.nn.Module model, IReadOnlyList<OptimizerHelper> optimizers)
    {
        var names = Names(model, []);
        var state = State(model);
        foreach (var tensor in Tensors)
            tensor.Restore(state[tensor.Name]);
        foreach (var (optimizer, memory) in optimizers.Zip(Optimizers))
            memory.Restore(optimizer, names);
    }

    private static bool IsOf(HashSet<string> layers, string tensor) => tensor.LastIndexOf('.') is var dot and >= 0 ? layers.Contains(tensor[..dot]) : layers.Contains("");

    private static bool IsOfFixed(torch.nn.Module model, string tensor) =>
        IsOf(FixedModules.Of(model).Select(layer => layer.Name).ToHashSet(), tensor);

    private static Dictionary<string, torch.Tensor> State(torch.nn.Module model) => model.state_dict();

    /// <summary>The names of a model's parameters, by handle, as they will be once some layers are replaced that share their weights with other modules.</summary>
    private static Dictionary<IntPtr, string> Names(torch.nn.Module model, IReadOnlyList<LayerTarget> sharing)
    {
        var names = new Dictionary<IntPtr, string>();
        foreach (var (name, parameter) in model.named_parameters())
            names.TryAdd(parameter.Handle, name);
        foreach (var target in sharing)
            names.Remove(target.Layer.weight.Handle);
        if (sharing.Count > 0)
            foreach (var node in ModuleTree.Walk(model).Where(node => sharing.All(target => !ReferenceEquals(target.Layer, node.Module))))
                foreach (var (name, parameter) in TorchSharpInternals.Parameters(node.Module))
                    names.TryAdd(parameter.Handle, node.Path.Length == 0 ? name : $"{node.Path}.{name}");

        return names;
    }
}
