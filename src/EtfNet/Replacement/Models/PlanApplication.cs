using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>Fixes the layers that a plan names, their factors and weights still to be loaded. Checks all before it changes any.</summary>
internal static class PlanApplication
{
    /// <returns>The fixes that were made; layers that stand fixed as planned already are left alone.</returns>
    /// <exception cref="ArgumentException">The plan does not fit the model; nothing was changed.</exception>
    public static IReadOnlyList<LayerFix> Run(
        torch.nn.Module model, IReadOnlyList<PlannedLayer> plan, IReadOnlyList<OptimizerHelper> optimizers)
    {
        var fixes = new List<LayerFix>();
        try
        {
            foreach (var (target, layer) in Steps(model, plan))
                fixes.Add(LayerFix.PrepareBlank(model, target, layer.Header, layer.InPlace));
        }
        catch
        {
            fixes.ForEach(fix => fix.Discard());
            throw;
        }

        LayerFix.Apply(fixes, optimizers, keepOld: false);
        return fixes;
    }

    /// <summary>Checks that the plan's layers, and none else, will be fixed once some of those that are fixed now were made trainable and
    /// <see cref="Run"/> was called.</summary>
    /// <param name="model">The model; it is not changed.</param>
    /// <param name="plan">The layers to be fixed.</param>
    /// <param name="returning">The names of the layers that will be made trainable first.</param>
    /// <returns>The layers that are trainable now and will be fixed.</returns>
    /// <exception cref="ArgumentException">The plan does not fit the model.</exception>
    public static IReadOnlyList<(LayerTarget Target, PlannedLayer Layer)> Require(
        torch.nn.Module model, IReadOnlyList<PlannedLayer> plan, IReadOnlyCollection<string> returning)
    {
        var planned = plan.ToDictionary(layer => layer.Name);
        foreach (var now in FixedModules.Of(model))
        {
            var then = planned.GetValueOrDefault(now.Name);
            var fits = returning.Contains(now.Name)
                ? then is null || (then.Header.Shape, then.Patch, then.InPlace) == (now.Header.Shape, now.Patch, now.InPlace)
                : then is not null && (then.Signature, then.InPlace) == (now.Signature, now.InPlace);
            if (!fits)
                throw new ArgumentException(
                    $"Layer '{now.Name}' of {model.GetType().Name} is fixed as {now.Signature}; in the state it is "
                    + $"{then?.Signature ?? "trained"}. Load into a freshly built model.", nameof(model));
        }

        return Steps(model, [.. plan.Where(layer => !returning.Contains(layer.Name))]);
    }

    private static List<(LayerTarget Target, PlannedLayer Layer)> Steps(torch.nn.Module model, IReadOnlyList<PlannedLayer> plan)
    {
        var targets = LayerTarget.All(model).ToDictionary(target => target.Name);
        var modules = ModuleTree.Walk(model).ToDictionary(node => node.Path, node => node.Module);
        var steps = new List<(LayerTarget Target, PlannedLayer Layer)>();
        foreach (var layer in plan)
            if (!layer.IsMetBy(modules.GetValueOrDefault(layer.Name)))
                steps.Add((Check(model, layer, targets.GetValueOrDefault(layer.Name), modules.GetValueOrDefault(layer.Name)), layer));
        foreach (var (target, layer) in steps)
            if (target.TiedWith.FirstOrDefault(name => !Fixes(name, layer.InPlace)) is { } other)
                throw new ArgumentException(
                    $"The plan fixes the layer '{layer.Name}' but not '{other}', which shares its weight in {model.GetType().Name}.",
                    nameof(plan));
        return steps;

        bool Fixes(string name, bool inPlace) => steps.Exists(step => step.Target.Name == name && step.Layer.InPlace == inPlace);
    }

    private static LayerTarget Check(torch.nn.Module model, PlannedLayer layer, LayerTarget? target, torch.nn.Module? module)
    {
        var name = model.GetType().Name;
        if (target is null)
            throw new ArgumentException(module is null
                ? $"The plan fixes the layer '{layer.Name}', which {name} does not have."
                : $"The plan fixes the layer '{layer.Name}' as {layer.Signature}; in {name} it is a {module.GetType().Name}: "
                    + "build the model as it was built when the plan was made.", nameof(layer));
        if (target.Obstacle is { } obstacle)
            throw new ArgumentException(
                $"The plan fixes the layer '{layer.Name}', which {name} does not allow: {obstacle}.", nameof(layer));
        if (layer.Patch != target.Fixable.Patch || !target.Fixable.Takes(layer.Header.Shape))
            throw new ArgumentException(
                $"The plan fixes the layer '{layer.Name}' as {layer.Signature}; in {name} it has the shape {Shape(target.Fixable)}.",
                nameof(layer));
        if (layer.Header.Scale > FixedLayerCheck.LargestScale(layer.Header.Shape, target.Fixable.Weight.dtype))
            throw new ArgumentException(
                $"The plan fixes the layer '{layer.Name}' at scale {layer.Header.Scale:g3}; that is too large for "
                + $"{target.Fixable.Weight.dtype}, its type in {name}.",
                nameof(layer));
        if (!layer.InPlace && target.InPlaceReason is { } reason)
            throw new ArgumentException($"The plan replaces the layer '{layer.Name}', which {name} does not allow: {reason}.",
                nameof(layer));
        return target;

        static string Shape(FixableLayer layer) => $"{layer.Matrix.Rows} x {layer.Matrix.Columns}"
            + (layer.Patch is { } patch ? $" over patches of {patch}" : "");
    }
}
