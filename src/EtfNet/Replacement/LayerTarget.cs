using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>A trained layer of a model, and how it could be fixed. Making one changes nothing.</summary>
/// <param name="Name">Its name in the model.</param>
/// <param name="Fixable">The layer.</param>
/// <param name="Plan">How to replace it everywhere.</param>
internal sealed record LayerTarget(string Name, FixableLayer Fixable, LayerReplacement Plan)
{
    /// <summary>Gets why it can only be fixed in place; null where it can be replaced.</summary>
    public string? InPlaceReason { get; init; }

    /// <summary>Gets why it cannot be fixed at all (its weight is also used elsewhere); null if it can.</summary>
    public string? Obstacle { get; private init; }

    /// <summary>Gets the names of the layers that have the very same weight: they are fixed together with this one, or none is.</summary>
    public IReadOnlyList<string> TiedWith { get; private init; } = [];

    /// <summary>Gets the other places that hold the weight.</summary>
    private IReadOnlyList<StorageUse> Shared { get; init; } = [];

    /// <summary>Gets whether the bias is left as it is: the user froze it, or something else uses it too.</summary>
    public bool BiasIsBound { get; private init; }

    /// <summary>Every layer of a model that can be fixed and is not, each object once, in registration order.</summary>
    public static IReadOnlyList<LayerTarget> All(torch.nn.Module model)
    {
        var nodes = ModuleTree.Walk(model);
        var layers = new Dictionary<torch.nn.Module, (string Name, FixableLayer Layer)>(ReferenceEqualityComparer.Instance);
        foreach (var node in nodes)
            if (FixedModules.HeaderOf(node.Module) is null && FixableLayer.Of(node.Module) is { } layer)
                layers.Add(node.Module, (node.Path, layer));
        var uses = new StorageUses(nodes);
        var plans = LayerReplacement.Plan(model, [.. layers.Select(one => (one.Key, one.Value.Layer.FixedType))], uses.Meet);
        var targets = layers.Values.Zip(plans, (one, plan) => Of(one.Name, one.Layer, plan, uses, layers)).ToList();
        // Layers of one weight are all replaced or all fixed in place: the weight has one fate.
        return [.. targets.Select(target => target with { InPlaceReason = target.InPlaceReason ?? target.TiedInPlace(targets) })];
    }

    private static LayerTarget Of(
        string name, FixableLayer layer, LayerReplacement plan, StorageUses uses,
        Dictionary<torch.nn.Module, (string Name, FixableLayer Layer)> layers)
    {
        var others = uses.Others(layer.Weight, layer.Module);
        var strange = others.FirstOrDefault(use => !IsTied(use));
        return new LayerTarget(name, layer, plan)
        {
            InPlaceReason = plan.Obstacle,
            Obstacle = strange is null ? null : $"its weight is also used by {strange.Where}, which would no longer share it",
            Shared = others,
            TiedWith = [.. others.Where(IsTied).Select(use => layers[use.Owner].Name).Distinct()],
            BiasIsBound = layer.Bias is { } bias && (!bias.requires_grad || uses.Others(bias, layer.Module).Count > 0),
        };

        bool IsTied(StorageUse use) => layers.TryGetValue(use.Owner, out var other) && other.Layer.FixedType == layer.FixedType
            && ReferenceEquals(use.Tensor, other.Layer.Weight) && TensorStorage.IsSame(other.Layer.Weight, layer.Weight);
    }

    private string? TiedInPlace(List<LayerTarget> targets) =>
        targets.Find(other => TiedWith.Contains(other.Name) && other.InPlaceReason is not null) is { } other
            ? $"its weight is that of '{other.Name}', which can only be fixed in place ({other.InPlaceReason})"
            : null;

    /// <summary>Why the layer cannot be fixed by itself; null where it can.</summary>
    /// <param name="optimizers">The optimizers that are known: one of them may train the weight under another object of another
    /// model.</param>
    public string? WhyNotAlone(IReadOnlyList<OptimizerHelper> optimizers) => WhyNot(optimizers) ?? (TiedWith.Count == 0 ? null
        : $"it shares its weight with {Words.Names(TiedWith)}: ApplyEtf fixes such layers together if all of them are named");

    /// <summary>Why the layer cannot be fixed, not even with the layers of the same weight; null where it can.</summary>
    /// <inheritdoc cref="WhyNotAlone"/>
    public string? WhyNot(IReadOnlyList<OptimizerHelper> optimizers)
    {
        if (Obstacle is not null)
            return Obstacle;
        var address = TensorStorage.Address(Fixable.Weight);
        var known = Shared.Select(use => use.Tensor.Handle).Append(Fixable.Weight.Handle).ToHashSet();
        return optimizers.FirstOrDefault(optimizer => optimizer.parameters().Any(other =>
            !other.IsInvalid && !known.Contains(other.Handle) && TensorStorage.Address(other) == address)) is { } outside
            ? $"its weight is trained outside the model too, as another parameter of the {outside.GetType().Name} optimizer"
            : null;
    }
}
