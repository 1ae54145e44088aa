using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Turns fixed layers back into plain linear layers that are not trained.</summary>
internal static class Materialization
{
    /// <exception cref="InvalidOperationException">A place that holds a layer cannot hold a Linear; nothing was changed.</exception>
    public static IReadOnlyList<string> Run(nn.Module model)
    {
        var nodes = ModuleTree.Walk(model).Where(node => node.Module is SimplexEtfLinear).ToList();
        var plans = LayerReplacement.Plan(model, [.. nodes.Select(node => node.Module)], typeof(Linear));
        foreach (var (node, plan) in nodes.Zip(plans))
            if (plan.Obstacle is not null)
                throw new InvalidOperationException($"Layer '{node.Path}' cannot become a Linear: {plan.Obstacle}. Use its ToDense() where it is.");

        using var noGrad = no_grad();
        foreach (var (node, plan) in nodes.Zip(plans))
        {
            var layer = (SimplexEtfLinear)node.Module;
            var dense = layer.ToDense();
            dense.weight.requires_grad_(false);
            ModuleHooks.Share(layer, dense);
            plan.Put(dense);
            if (layer.ReleaseBias() is { } bias)
            {
                // The very object: an optimizer goes on training it.
                dense.bias!.Dispose();
                LinearBias.Set(dense, bias);
            }
            else
            {
                dense.bias?.requires_grad_(false);
            }

            layer.Dispose();
        }

        return [.. nodes.Select(node => node.Path)];
    }
}
