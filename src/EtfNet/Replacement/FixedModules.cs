using System.Runtime.CompilerServices;
using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>
/// Knows which modules are fixed layers: the library's own by their type, layers fixed in place by memory, for as long as they live.
/// </summary>
internal static class FixedModules
{
    private static readonly ConditionalWeakTable<torch.nn.Module, SimplexEtfHeader> InPlace = [];

    private static readonly ConditionalWeakTable<torch.nn.Module, FixableLayer> Replaced = [];

    /// <summary>Remembers which layer a module took the place of.</summary>
    public static void Remember(torch.nn.Module replacement, FixableLayer layer) => Replaced.AddOrUpdate(replacement, layer);

    public static void Remember(torch.nn.Module layer, SimplexEtfHeader header) => InPlace.AddOrUpdate(layer, header);

    /// <summary>Forgets a layer that is no longer fixed in place.</summary>
    public static void Forget(torch.nn.Module layer) => InPlace.Remove(layer);

    /// <summary>The frame of a fixed layer, except for its factors; null for any other module.</summary>
    public static SimplexEtfHeader? HeaderOf(torch.nn.Module module) => module switch
    {
        IFixedLayer fixedLayer => fixedLayer.Header,
        _ => InPlace.TryGetValue(module, out var header) ? header : null,
    };

    /// <summary>What a patch of a fixed convolution holds; null for any other module.</summary>
    public static PatchShape? PatchOf(torch.nn.Module module) =>
        module is IFixedLayer layer ? layer.Patch : FixableLayer.Of(module)?.Patch;

    /// <summary>How many weights a fixed layer stands for; 0 for any other module.</summary>
    public static long WeightCount(torch.nn.Module module) =>
        module is IFixedLayer layer ? layer.WeightCount
        : HeaderOf(module) is not null ? FixableLayer.Of(module)!.Weight.NumberOfElements
        : 0;

    /// <summary>
    /// A model's parameters in order, each once, including the weights of replaced layers, which return to these places.
    /// </summary>
    public static IReadOnlyList<Parameter> ParametersOf(torch.nn.Module model) => [.. ModuleTree.Walk(model)
        .SelectMany(node => (Replaced.TryGetValue(node.Module, out var layer) ? [layer.Weight] : Array.Empty<Parameter>())
            .Concat(TorchSharpInternals.Parameters(node.Module).Values))
        .Where(parameter => !parameter.IsInvalid).DistinctBy(parameter => parameter.Handle)];

    /// <summary>All fixed layers of a model, in registration order.</summary>
    public static IReadOnlyList<PlannedLayer> Of(torch.nn.Module model) =>
        [.. ModuleTree.Walk(model).Where(node => HeaderOf(node.Module) is not null)
            .Select(node => PlannedLayer.Of(node.Path, node.Module))];
}
