using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>A linear layer of a model, and how it could be fixed. Making one changes nothing.</summary>
/// <param name="Name">Its name in the model.</param>
/// <param name="Layer">The layer.</param>
/// <param name="Plan">How to replace it everywhere.</param>
/// <param name="InPlaceReason">Why it can only be fixed in place; null where it can be replaced.</param>
/// <param name="WeightShared">Whether another module of the model has the same weight.</param>
internal sealed record LayerTarget(string Name, Linear Layer, LayerReplacement Plan, string? InPlaceReason, bool WeightShared)
{
    /// <summary>Why the layer cannot be fixed at all; null where it can.</summary>
    public string? Obstacle => WeightShared && InPlaceReason is not null
        ? $"its weight is shared with another module, and it could only be fixed in place ({InPlaceReason})"
        : null;

    /// <summary>Every linear layer of a model that is not fixed already, each object once, in registration order.</summary>
    public static IReadOnlyList<LayerTarget> All(torch.nn.Module model)
    {
        var nodes = ModuleTree.Walk(model);
        var layers = nodes.Where(node => node.Module is Linear && FixedModules.HeaderOf(node.Module) is null).ToList();
        var plans = LayerReplacement.Plan(model, [.. layers.Select(node => node.Module)], typeof(SimplexEtfLinear));
        var owners = nodes.SelectMany(node => TorchSharpInternals.Parameters(node.Module).Values.Select(parameter => parameter.Handle)).ToLookup(handle => handle);
        return [.. layers.Zip(plans, (node, plan) => new LayerTarget(
            node.Path, (Linear)node.Module, plan, plan.Obstacle, owners[((Linear)node.Module).weight.Handle].Count() > 1))];
    }
}
