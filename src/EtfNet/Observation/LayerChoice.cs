using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Which modules of a model are watched.</summary>
internal static class LayerChoice
{
    /// <param name="nodes">All modules of the model.</param>
    /// <param name="include">Patterns; none for all layers.</param>
    /// <param name="exclude">Patterns, stronger.</param>
    /// <param name="parameter">What the caller names them.</param>
    /// <exception cref="ArgumentException">A pattern names nothing, or none is left.</exception>
    public static IReadOnlyList<ModuleNode> Choose(
        IReadOnlyList<ModuleNode> nodes, IReadOnlyList<string> include, IReadOnlyList<string> exclude, string parameter)
    {
        foreach (var pattern in include)
            if (!nodes.Any(node => IsIncluded(node, [pattern])))
                throw new ArgumentException(
                    $"Include names '{pattern}', which is not a layer of the model. Layers: "
                    + $"{Names(nodes.Where(node => IsLayer(node.Module)))}.",
                    parameter);

        var chosen = nodes
            .Where(node => include.Count == 0 ? IsLayer(node.Module) : IsIncluded(node, include))
            .Where(node => !Paths(node).Any(path => NamePattern.MatchesAny(exclude, path)))
            .ToList();
        return chosen.Count > 0
            ? chosen
            : throw new ArgumentException(
                nodes.Any(node => IsLayer(node.Module))
                    ? $"Exclude leaves no layer to watch. Layers: {Names(nodes.Where(node => IsLayer(node.Module)))}."
                    : "The model has no linear or convolution layer to watch. Name modules of other kinds in Include; there are: "
                        + $"{Names(nodes)}.",
                parameter);
    }

    public static bool IsLayer(nn.Module module) => module is Linear or Convolution or IWatchedLayer;

    private static bool IsIncluded(ModuleNode node, IReadOnlyList<string> patterns) =>
        Paths(node).Any(path => IsLayer(node.Module) ? NamePattern.MatchesAny(patterns, path) : patterns.Contains(path));

    private static IEnumerable<string> Paths(ModuleNode node) => node.Aliases.Prepend(node.Path);

    private static string Names(IEnumerable<ModuleNode> nodes) =>
        string.Join(", ", nodes.Select(node => Words.Layer(node.Path)));
}
