using static TorchSharp.torch;

namespace EtfNet;

/// <summary>How many parameters a model has up to each of its layers.</summary>
/// <remarks>
/// Modules that are no layer, norms and embeddings, belong to the layer registered before them, those before the first layer to that one.
/// A weight that several modules share counts once. A fixed weight counts as the numbers that it stands for.
/// </remarks>
internal static class ParameterCounts
{
    /// <param name="nodes">All modules of the model.</param>
    /// <param name="order">The layers, and the blocks around them, in the order in which they are called.</param>
    public static (IReadOnlyDictionary<string, long> UpTo, long Total) Of(IReadOnlyList<ModuleNode> nodes, IReadOnlyList<string> order)
    {
        var seen = new HashSet<IntPtr>();
        var layers = nodes.Where(node => LayerChoice.IsLayer(node.Module)).Select(node => node.Path).ToList();
        var own = nodes.ToDictionary(node => node.Path, node => Numbers(node.Module, seen));
        var owners = new Dictionary<string, string>();
        var before = layers.FirstOrDefault() ?? "";
        foreach (var node in nodes)
            owners[node.Path] = before = LayerChoice.IsLayer(node.Module) ? node.Path : before;
        var places = nodes.Select(node => node.Path).Index().ToDictionary(entry => entry.Item, entry => entry.Index);
        var upTo = new Dictionary<string, long>();
        var counted = new HashSet<string>();
        var sum = 0L;
        foreach (var name in order)
        {
            // A block has all that stands in it, and what its last layer owns behind it; what is not measured counts as registered.
            var inside = nodes.Where(node => IsIn(node.Path, name) || IsIn(owners[node.Path], name)
                || (!order.Contains(owners[node.Path]) && places[node.Path] < places[name])).Select(node => node.Path);
            sum += inside.Where(counted.Add).Sum(path => own[path]);
            upTo[name] = sum;
        }

        return (upTo, own.Values.Sum());
    }

    private static bool IsIn(string path, string name) =>
        name.Length == 0 || path == name || path.StartsWith(name + ".", StringComparison.Ordinal);

    private static long Numbers(nn.Module module, HashSet<IntPtr> seen) =>
        (module is IFixedLayer fixedLayer ? fixedLayer.Header.Shape.Count : 0)
        + TorchSharpInternals.Parameters(module).Values
            .Where(parameter => !parameter.IsInvalid && seen.Add(TensorStorage.Address(parameter)))
            .Sum(parameter => parameter.NumberOfElements);
}
