using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// Turns fixed layers back into plain layers whose weights are constants. The model's parameters are the same objects before and after.
/// </summary>
internal static class Materialization
{
    /// <returns>The names of the layers, in registration order.</returns>
    /// <exception cref="InvalidOperationException">
    /// A place that holds a layer cannot hold a plain one, or a layer holds numbers that are no frame; nothing was changed.
    /// </exception>
    public static IReadOnlyList<string> Run(nn.Module model)
    {
        var nodes = ModuleTree.Walk(model).Where(node => FixedModules.HeaderOf(node.Module) is not null).ToList();
        var replaced = nodes.Where(node => node.Module is IFixedLayer).ToList();
        var plans = LayerReplacement.Plan(model, [.. replaced.Select(node => (node.Module, ((IFixedLayer)node.Module).DenseType))]);
        foreach (var (node, plan) in replaced.Zip(plans))
            if (plan.Obstacle is not null)
                throw new InvalidOperationException(
                    $"Layer '{node.Path}' cannot become a {((IFixedLayer)node.Module).DenseType.Name}: {plan.Obstacle}. "
                    + "Use its ToDense() where it is.");

        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        // Everything is made before anything is put in.
        var dense = replaced.ConvertAll(node => Dense(node, model));
        var done = 0;
        try
        {
            for (; done < dense.Count; done++)
                plans[done].Put(dense[done].Module);
        }
        catch
        {
            for (var i = done - 1; i >= 0; i--)
                LayerReplacement.Plan(model, [(dense[i].Module, replaced[i].Module.GetType())])[0].Put(replaced[i].Module);
            dense.ForEach(layer => layer.Module.Dispose());
            throw;
        }

        foreach (var (node, layer) in replaced.Zip(dense))
        {
            if (((IFixedLayer)node.Module).ReleaseBias() is { } bias)
            {
                // The very object: an optimizer goes on training it.
                layer.Bias!.Dispose();
                layer.SetBias(bias);
            }
            else
            {
                layer.KeepBiasAsBuffer();
            }

            layer.KeepWeightAsBuffer();
            node.Module.Dispose();
        }

        foreach (var node in nodes)
            FixedModules.Forget(node.Module);
        return [.. nodes.Select(node => node.Path)];
    }

    private static FixableLayer Dense(ModuleNode node, nn.Module model)
    {
        var layer = (IFixedLayer)node.Module;
        var placement = LayerPlacement.Of(node.Module, model, new LayerPlacement(ScalarType.Float32, CPU));
        var bias = layer.Bias is { } own ? new Parameter(own.detach().clone()) : null;
        var module = layer.CreateDense(new Parameter(layer.DenseWeight(placement.Dtype, placement.Device)), bias);
        module.train(node.Module.training);
        ModuleHooks.Share((nn.Module<Tensor, Tensor>)node.Module, module);
        return FixableLayer.Of(module) ?? throw new InvalidOperationException(
            $"Layer '{node.Path}' became a {module.GetType().Name}, which is not a layer that can be fixed.");
    }
}
