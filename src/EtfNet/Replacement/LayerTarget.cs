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
    public string? InPlaceReason { get; private init; }

    /// <summary>Gets why it cannot be fixed at all, its weight being used elsewhere too; null where it can.</summary>
    public string? Obstacle { get; private init; }

    /// <summary>Gets the names of the layers that have the very same weight: they are fixed together with this one, or none is.</summary>
    public IReadOnlyList<string> TiedWith { get; private init; } = [];

    /// <summary>Gets the other places that hold the weight.</summary>
    private IReadOnlyList<StorageUse> Shared { get; init; } = [];

    /// <summary>Gets whether the bias is left as it is: the user froze it, or something else uses it too.</summary>
    public bool BiasIsBound { get; private init; }

    /// <summary>Gets the layer as the linear layer that it is.</summary>
    public Linear Layer => (Linear)Fixable.Module;

    /// <summary>Every layer of a model that can be fixed and is not, each object once, in registration order.</summary>
    public static IReadOnlyList<LayerTarget> All(torch.nn.Module model)
    {
        var nodes = ModuleTree.Walk(model);
        var layers = nodes.Where(node => FixedModules.HeaderOf(node.Module) is null)
            .Select(node => (Name: node.Path, Layer: FixableLayer.Of(node.Module))).Where(one => one.Layer is not null).Select(one => (one.Name, Layer: one.Layer!)).ToList();
        var uses = new StorageUses(nodes);
        var plans = LayerReplacement.Plan(model, [.. layers.Select(one => ((torch.nn.Module)one.Layer.Module, one.Layer.FixedType))], uses.Meet);
        var byModule = layers.ToDictionary<(string Name, FixableLayer Layer), torch.nn.Module, string>(
            one => one.Layer.Module, one => one.Name, ReferenceEqualityComparer.Instance);
        var targets = layers.Zip(plans, (one, plan) =>
        {
            var others = uses.Others(one.Layer.Weight, one.Layer.Module);
            var bias = one.Layer.Bias;
            return new LayerTarget(one.Name, one.Layer, plan)
            {
                InPlaceReason = plan.Obstacle,
                Obstacle = others.FirstOrDefault(use => !IsTied(use, one.Layer, byModule)) is { } use ? $"its weight is used by {use.Where} too, which would part from it" : null,
                Shared = others,
                TiedWith = [.. others.Where(use => IsTied(use, one.Layer, byModule)).Select(use => byModule[use.Owner]).Distinct()],
                BiasIsBound = bias is not null && (!bias.requires_grad || uses.Others(bias, one.Layer.Module).Count > 0),
            };
        }).ToList();
        // Layers of one weight are all replaced or all fixed in place: the weight has one fate.
        return [.. targets.Select(target => target.InPlaceReason is null && targets.Find(other => target.TiedWith.Contains(other.Name) && other.InPlaceReason is not null) is { } other
            ? target with { InPlaceReason = $"its weight is that of '{other.Name}', which can only be fixed in place ({other.InPlaceReason})" }
            : target)];
    }

    /// <summary>Why the layer cannot be fixed by itself; null where it can.</summary>
    /// <param name="optimizers">The optimizers that are known: one of them may train the weight under another object of another model.</param>
    public string? WhyNotAlone(IReadOnlyList<OptimizerHelper> optimizers) => WhyNot(optimizers) ?? (TiedWith.Count == 0 ? null
        : $"its weight is that of {Words.Names(TiedWith)} too: ApplyEtf fixes layers of one weight together, by all their names");

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

    private static bool IsTied(StorageUse use, FixableLayer layer, Dictionary<torch.nn.Module, string> layers) =>
        layers.ContainsKey(use.Owner) && FixableLayer.Of(use.Owner) is { } other && other.FixedType == layer.FixedType
        && ReferenceEquals(use.Tensor, other.Weight) && TensorStorage.IsSame(other.Weight, layer.Weight);
}
