using System.Runtime.CompilerServices;
using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>Knows which modules are fixed layers: the library's own by their type, linear layers fixed in place by memory, for as long as they live.</summary>
internal static class FixedModules
{
    private static readonly ConditionalWeakTable<Linear, SimplexEtfHeader> InPlace = [];

    public static void Remember(Linear layer, SimplexEtfHeader header) => InPlace.AddOrUpdate(layer, header);

    public static void Forget(Linear layer) => InPlace.Remove(layer);

    /// <summary>The frame of a fixed layer, but for its factors; null for any other module.</summary>
    public static SimplexEtfHeader? HeaderOf(torch.nn.Module module) => module switch
    {
        SimplexEtfLinear fixedLayer => fixedLayer.Header,
        Linear linear => InPlace.TryGetValue(linear, out var header) ? header : null,
        _ => null,
    };

    /// <summary>All fixed layers of a model, in registration order.</summary>
    public static IReadOnlyList<PlannedLayer> Of(torch.nn.Module model) =>
        [.. ModuleTree.Walk(model).Where(node => HeaderOf(node.Module) is not null)
            .Select(node => new PlannedLayer(node.Path, HeaderOf(node.Module)!, node.Module is Linear))];
}

/// <summary>A fixed layer as plans and files write it.</summary>
/// <param name="Name">The layer's name.</param>
/// <param name="Header">The frame, but for its factors, which travel with the weights.</param>
/// <param name="InPlace">Whether its weight stays in a linear layer.</param>
internal sealed record PlannedLayer(string Name, SimplexEtfHeader Header, bool InPlace);
