using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>Fixes the layers that a plan names, their factors and weights still to be loaded. Checks all before it changes any.</summary>
internal static class PlanApplication
{
    /// <returns>The fixes that were made; layers that stand fixed as planned already are left alone.</returns>
    /// <exception cref="ArgumentException">The plan does not fit the model; nothing was changed.</exception>
    public static IReadOnlyList<LayerFix> Run(torch.nn.Module model, IReadOnlyList<PlannedLayer> plan, IReadOnlyList<OptimizerHelper> optimizers)
    {
        var targets = LayerTarget.All(model).ToDictionary(target => target.Path);
        var modules = ModuleTree.Walk(model).ToDictionary(node => node.Path, node => node.Module);
        var steps = new List<(LayerTarget Target, PlannedLayer Layer)>();
        foreach (var layer in plan)
        {
            if (modules.TryGetValue(layer.Path, out var module) && FixedModules.HeaderOf(module) is { } header && (module is Linear) == layer.InPlace && header.Signature == layer.Header.Signature)
                continue;
            steps.Add((Check(model, layer, targets.GetValueOrDefault(layer.Path), modules.GetValueOrDefault(layer.Path)), layer));
        }

        return [.. steps.Select(step => LayerFix.CommitBlank(model, step.Target, step.Layer.Header, step.Layer.InPlace, optimizers))];
    }

    private static LayerTarget Check(torch.nn.Module model, PlannedLayer layer, LayerTarget? target, torch.nn.Module? module)
    {
        var name = model.GetType().Name;
        if (target is null)
            throw new ArgumentException(module is null
                ? $"The plan fixes the layer '{layer.Path}', which {name} does not have."
                : $"The plan fixes the layer '{layer.Path}' as {layer.Header.Signature}; in {name} a {module.GetType().Name} stands there: build the model as it was built when the plan was made.", nameof(layer));
        var (rows, columns) = (target.Layer.weight.shape[0], target.Layer.weight.shape[1]);
        if ((rows, columns) != (layer.Header.Shape.Rows, layer.Header.Shape.Columns))
            throw new ArgumentException($"The plan fixes the layer '{layer.Path}' as {layer.Header.Signature}; in {name} it has the shape {rows} x {columns}.", nameof(layer));
        if (!layer.InPlace && target.InPlaceReason is { } reason)
            throw new ArgumentException($"The plan replaces the layer '{layer.Path}', which {name} does not allow: {reason}.", nameof(layer));
        return target;
    }
}
