using System.Runtime.CompilerServices;
using TorchSharp;

namespace EtfNet;

/// <summary>Knows which modules are fixed layers: the library's own by their type, layers fixed in place by memory, for as long as they live.</summary>
internal static class FixedModules
{
    private static readonly ConditionalWeakTable<torch.nn.Module, SimplexEtfHeader> InPlace = [];

    public static void Remember(torch.nn.Module layer, SimplexEtfHeader header) => InPlace.AddOrUpdate(layer, header);

    /// <summary>A layer that was fixed in place is one no longer.</summary>
    public static void Forget(torch.nn.Module layer) => InPlace.Remove(layer);

    /// <summary>The frame of a fixed layer, but for its factors; null for any other module.</summary>
    public static SimplexEtfHeader? HeaderOf(torch.nn.Module module) => module switch
    {
        IFixedLayer fixedLayer => fixedLayer.Header,
        _ => InPlace.TryGetValue(module, out var header) ? header : null,
    };

    /// <summary>All fixed layers of a model, in registration order.</summary>
    public static IReadOnlyList<PlannedLayer> Of(torch.nn.Module model) =>
        [.. ModuleTree.Walk(model).Where(node => HeaderOf(node.Module) is not null)
            .Select(node => new PlannedLayer(node.Path, HeaderOf(node.Module)!, node.Module is not IFixedLayer))];
}
