using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A container that a cut shortens.</summary>
/// <param name="Path">Its path in the model.</param>
/// <param name="Container">It.</param>
/// <param name="Keep">How many of its modules stay, the first ones.</param>
internal sealed record CutContainer(string Path, Sequential Container, int Keep);

/// <summary>Where a model can be cut so that a head takes over: all around the place are plain <c>Sequential</c> modules.</summary>
/// <param name="Containers">Those that have something behind the cut, the outermost first.</param>
internal sealed record CutPlace(IReadOnlyList<CutContainer> Containers)
{
    /// <summary>Finds the place behind a module.</summary>
    /// <param name="nodes">All modules of the model.</param>
    /// <param name="point">The path of the last module that stays.</param>
    /// <param name="whole">The path of the Sequential whose output is the model's; empty where that is the model itself.</param>
    /// <returns>The place, or why there is none and what is possible.</returns>
    public static (CutPlace? Place, string? Obstacle) Behind(IReadOnlyList<ModuleNode> nodes, string point, string whole)
    {
        var byPath = nodes.ToDictionary(node => node.Path);
        if (!byPath.TryGetValue(point, out var node))
            return (null, "the model has no module of that name");
        if (node.Parent is null)
            return (null, "it is the whole model: nothing follows it");
        var containers = new List<CutContainer>();
        for (var inner = node; inner.Parent is not null && inner.Path != whole; inner = byPath[ParentPath(inner, byPath)])
        {
            if (inner.Aliases.Count > 0)
                return (null, $"'{inner.Path}' is also in the model at '{inner.Aliases[0]}', so the place of the cut is ambiguous");
            if (PlainSequential.Of(inner.Parent) is not { } parent)
                return (null, NotPlain(nodes, inner, byPath[ParentPath(inner, byPath)]));
            var keep = PlainSequential.Modules(parent).FindIndex(module => ReferenceEquals(module, inner.Module)) + 1;
            containers.Insert(0, new CutContainer(ParentPath(inner, byPath), parent, keep));
        }

        var shortened = containers.Where(container => container.Keep < container.Container.Count).ToList();
        var place = new CutPlace(shortened);
        return place.Problem(nodes) is { } problem ? (null, problem) : (place, null);
    }

    /// <summary>The modules behind the cut, container by container.</summary>
    public IEnumerable<nn.Module> Leaving => Containers.SelectMany(container =>
        PlainSequential.Modules(container.Container).Skip(container.Keep).Cast<nn.Module>());

    /// <summary>Why the cut is not possible: the rest is no network, or a removed module is also used elsewhere; null if it is
    /// possible.</summary>
    public string? Problem(IReadOnlyList<ModuleNode> nodes)
    {
        var leaving = Leaving.SelectMany(ModuleTree.Walk).Select(node => node.Module).ToHashSet(ReferenceEqualityComparer.Instance);
        if (!nodes.Any(node => leaving.Contains(node.Module) && LayerChoice.IsLayer(node.Module)))
            return "it is the last layer: no layer follows the cut";
        if (!nodes.Any(node => !leaving.Contains(node.Module) && LayerChoice.IsLayer(node.Module)))
            return "no layer precedes the cut";
        var behind = Containers.SelectMany(container => PlainSequential.Names(container.Container).Skip(container.Keep)
            .Select(name => EntryName.Join(container.Path, name))).ToList();
        foreach (var node in nodes.Where(node => leaving.Contains(node.Module)))
            if (node.Aliases.Prepend(node.Path).FirstOrDefault(path => !behind.Exists(one => IsIn(path, one))) is { } kept)
                return $"'{node.Aliases.Prepend(node.Path).First(path => path != kept)}' behind the cut is also before it, as '{kept}'";
        return null;
    }

    private static bool IsIn(string path, string name) => path == name || path.StartsWith(name + ".", StringComparison.Ordinal);

    private static string ParentPath(ModuleNode node, Dictionary<string, ModuleNode> byPath)
    {
        // Names may have dots of their own: the longest path that is the parent's.
        for (var end = node.Path.LastIndexOf('.'); end > 0; end = node.Path.LastIndexOf('.', end - 1))
            if (byPath.TryGetValue(node.Path[..end], out var found) && ReferenceEquals(found.Module, node.Parent))
                return found.Path;
        return "";
    }

    private static string NotPlain(IReadOnlyList<ModuleNode> nodes, ModuleNode inner, ModuleNode parent)
    {
        var type = parent.Module.GetType().Name;
        if (parent.Parent is not null)
            return $"it is inside '{parent.Path}', a {type} whose forward may bypass the cut: cut behind '{parent.Path}', "
                + "or another module of a Sequential";
        var possible = nodes.Where(node => PlainSequential.Of(node.Parent) is not null).Select(node => node.Path).ToList();
        var near = possible.Find(path => IsIn(path, inner.Path)) ?? possible.FirstOrDefault();
        return $"the model is a {type}, whose forward may bypass the cut: " + (near is null
            ? "build it from a Sequential to cut it"
            : $"drop the blocks behind '{near}' or another module of a Sequential, with TruncateEtf(cut, example)");
    }
}
