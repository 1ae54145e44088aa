using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Prepares the drop of the last blocks of a <c>Sequential</c> within a model, which its other parts do not notice.</summary>
internal static class RunCut
{
    /// <exception cref="ArgumentException">The blocks behind the cut change the shape, or the model does not pass through them
    /// alone.</exception>
    public static TailCut Prepare(nn.Module model, string cut, Action example)
    {
        var nodes = ModuleTree.Walk(model);
        var node = nodes.FirstOrDefault(node => node.Path == cut) ?? throw HeadCut.Unknown(nodes, cut);
        if (PlainSequential.Of(node.Parent) is not { } container)
            throw Refusal(
                cut, $"it is not a block of a Sequential. Blocks of one are: {Blocks(nodes)}");
        if (node.Aliases.Count > 0)
            throw Refusal(cut, $"it is also in the model at '{node.Aliases[0]}', so the place of the cut is ambiguous");
        var modules = PlainSequential.Modules(container);
        var keep = modules.FindIndex(module => ReferenceEquals(module, node.Module)) + 1;
        if (keep == modules.Count)
            throw Refusal(cut, "it is the last block: nothing follows it");
        var name = PlainSequential.Names(container)[keep - 1];
        var path = cut.Length == name.Length ? "" : cut[..^(name.Length + 1)];
        var place = new CutPlace([new CutContainer(path, container, keep)]);
        if (place.Problem(nodes) is { } problem)
            throw Refusal(cut, problem);
        HeadCut.RequireUnshared(model, place, cut);
        RequireSameShape(model, cut, example, node.Module, (nn.Module)modules[^1], container);
        return new TailCut(model, [new ContainerCut(place.Containers[0], null, null, null)]);
    }

    /// <summary>Calls the model, and looks at what passes.</summary>
    private static void RequireSameShape(nn.Module model, string cut, Action example, nn.Module block, nn.Module last, Sequential container)
    {
        using var forwards = new ObservedForwards(model, new ObservationOptions());
        var (before, after, whole) = (new Shapes(), new Shapes(), new Shapes());
        foreach (var (module, shapes) in new[] { (block, before), (last, after), ((nn.Module)container, whole) })
            forwards.Observer.Listen(module, forwards, shapes);
        using (var seen = new Forward { Scopes = ScopeChain.Current() })
        using (new EvaluationMode(model))
        using (no_grad())
        using (NewDisposeScope())
        using (forwards.Capture(seen))
            example();
        if (whole.Seen.Count == 0)
            throw Refusal(
                cut, before.Seen.Count == 0
                    ? "the example did not call it with call()"
                    : "the model calls the blocks of its Sequential one by one, so a skip connection may bypass the cut");
        if (before.Seen.Count != whole.Seen.Count || after.Seen.Count != whole.Seen.Count)
            throw Refusal(cut, "the model calls single blocks of its Sequential as well, so a skip connection may bypass the cut");
        foreach (var (here, there) in before.Seen.Zip(after.Seen))
            if (here != there)
                throw Refusal(
                    cut,
                    $"it gives {here}, but the last block gives {there} to the rest of the model. Cut behind a block of that shape");
    }

    private static ArgumentException Refusal(string cut, string reason) =>
        new($"The blocks behind '{cut}' cannot be dropped: {reason}.", nameof(cut));

    private static string Blocks(IReadOnlyList<ModuleNode> nodes) =>
        nodes.Where(node => PlainSequential.Of(node.Parent) is not null).Select(node => node.Path).ToList() is { Count: > 0 } names
            ? string.Join(", ", names)
            : "none";

    private sealed class Shapes : IModuleListener
    {
        public List<string> Seen { get; } = [];

        public void Fired(Forward forward, object? input, object? result) =>
            Seen.Add(TensorsOf.First(result) is { } tensor ? $"{tensor.dtype} ({string.Join(", ", tensor.shape)})" : "no tensor");
    }
}
