using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>Finds the optimizers that train a weight once its layer is fixed no longer, and gives it to them.</summary>
/// <remarks>
/// Those that held it before, and those that were made since and have taken over from one of these: they hold all that it holds. Where none of these is known
/// any more, those that train what stands nearest to the layer in the model.
/// </remarks>
internal static class WeightReturn
{
    /// <summary>Chooses the optimizers, and in each the group. Changes nothing.</summary>
    /// <param name="model">The model.</param>
    /// <param name="layer">The module that stands in the layer's place.</param>
    /// <param name="detached">Where the weight was.</param>
    /// <param name="present">The optimizers that were known when the layer was fixed.</param>
    /// <param name="known">The optimizers as they are now.</param>
    public static IReadOnlyList<(OptimizerHelper Optimizer, ParamGroup Group)> Choose(
        torch.nn.Module model, torch.nn.Module layer, IReadOnlyList<DetachedParameter> detached, IReadOnlyList<OptimizerHelper> present, IReadOnlyList<OptimizerHelper> known)
    {
        var held = detached.Where(entry => known.Contains(entry.Optimizer)).ToList();
        var around = Around(model, layer);
        if (held.Count == 0)
            return [.. Holders(around, known)];
        var heirs = known.Where(one => !present.Contains(one) && held.TrueForAll(entry => entry.Optimizer != one) && held.Exists(entry => TakesOver(one, entry.Optimizer, new HashSet<IntPtr>())));
        return [.. Places(held), .. heirs.SelectMany(heir => Holders(around, [heir]).Take(1))];
    }

    /// <summary>The optimizers and groups that parameters were taken from, as far as those groups still stand; else each optimizer's first group.</summary>
    public static IEnumerable<(OptimizerHelper Optimizer, ParamGroup Group)> Places(IEnumerable<DetachedParameter> detached) => detached.SelectMany(entry =>
    {
        var now = TorchSharpInternals.Groups(entry.Optimizer);
        var left = entry.Groups.Where(now.Contains).ToList();
        return (left.Count > 0 ? left : now.Take(1)).Select(group => (entry.Optimizer, group));
    });

    /// <summary>Gives a weight that stands in the model again to the chosen optimizers.</summary>
    /// <param name="model">The model.</param>
    /// <param name="weight">The weight.</param>
    /// <param name="before">The object that it was when it left.</param>
    /// <param name="places">What <see cref="Choose"/> gave.</param>
    /// <param name="detached">Where the weight was; the kept states go back to their optimizers or are freed.</param>
    /// <param name="isKept">Whether the states were kept; otherwise they are freed already.</param>
    /// <param name="known">All optimizers that are known: a lazy list among them may show the weight by itself.</param>
    public static void Run(torch.nn.Module model, Parameter weight, Parameter before, IReadOnlyList<(OptimizerHelper Optimizer, ParamGroup Group)> places,
        IReadOnlyList<DetachedParameter> detached, bool isKept, IReadOnlyList<OptimizerHelper> known)
    {
        var parameters = model.parameters().ToList();
        foreach (var place in places.GroupBy(place => place.Optimizer, place => place.Group))
        {
            var entry = detached.FirstOrDefault(entry => entry.Optimizer == place.Key);
            OptimizerDetachment.Put(place.Key, [.. place], weight, before, isKept && entry?.Placement.Fits(weight) == true ? entry.State : null, parameters);
        }

        foreach (var entry in detached)
            if (isKept && OptimizerStates.Of(entry.Optimizer, weight) is var now && (now is null || now != entry.State))
                entry.Dispose();
        foreach (var optimizer in known)
            OptimizerDetachment.Complete(optimizer);
    }

    /// <summary>Gives an optimizer that takes over from another the weights that came back to that one before the scheduler was told of it.</summary>
    /// <param name="model">The model.</param>
    /// <param name="heir">The optimizer that is new.</param>
    /// <param name="returned">The layers that were fixed once and are trained again.</param>
    /// <param name="known">The optimizers that are known already.</param>
    public static void Inherit(torch.nn.Module model, OptimizerHelper heir, IReadOnlyList<FixableLayer> returned, IReadOnlyList<OptimizerHelper> known)
    {
        var weights = returned.Where(layer => Holder(heir, layer.Weight) is null).ToList();
        var except = weights.Select(layer => layer.Weight.Handle).ToHashSet();
        var parameters = model.parameters().ToList();
        foreach (var layer in weights)
            if (known.Any(one => Holder(one, layer.Weight) is not null && TakesOver(heir, one, except)))
                OptimizerDetachment.Put(heir, [Holders(Around(model, layer.Module), [heir]).First().Group], layer.Weight, layer.Weight, null, parameters);
    }

    /// <summary>Whether one optimizer has taken the place of another: it holds everything that the other holds.</summary>
    public static bool TakesOver(OptimizerHelper heir, OptimizerHelper other, IReadOnlySet<IntPtr> except)
    {
        var left = other.parameters().Where(parameter => !parameter.IsInvalid && !except.Contains(parameter.Handle)).Select(parameter => parameter.Handle).ToHashSet();
        return left.Count > 0 && left.IsSubsetOf(heir.parameters().Where(parameter => !parameter.IsInvalid).Select(parameter => parameter.Handle));
    }

    /// <summary>The first group of each optimizer that holds the nearest parameter which any of them holds.</summary>
    private static IEnumerable<(OptimizerHelper Optimizer, ParamGroup Group)> Holders(IEnumerable<Parameter> nearestFirst, IReadOnlyList<OptimizerHelper> optimizers) =>
        nearestFirst.Select(parameter => optimizers
                .Select(optimizer => (Optimizer: optimizer, Group: Holder(optimizer, parameter)))
                .Where(one => one.Group is not null).Select(one => (one.Optimizer, one.Group!)).ToList())
            .FirstOrDefault(found => found.Count > 0) ?? [];

    /// <summary>A model's parameters by their distance from a layer: its own first, then those before and after it in turn.</summary>
    private static IEnumerable<Parameter> Around(torch.nn.Module model, torch.nn.Module layer)
    {
        var own = ModuleTree.Walk(model).Select(node => (node.Module, Parameters: TorchSharpInternals.Parameters(node.Module).Values.Where(parameter => !parameter.IsInvalid).ToList())).ToList();
        var index = own.FindIndex(one => ReferenceEquals(one.Module, layer));
        for (var distance = 0; distance < own.Count; distance++)
        {
            foreach (var place in new[] { index - distance, index + distance }.Distinct().Where(place => place >= 0 && place < own.Count))
                foreach (var parameter in own[place].Parameters)
                    yield return parameter;
        }
    }

    private static ParamGroup? Holder(OptimizerHelper optimizer, Parameter parameter) =>
        TorchSharpInternals.Groups(optimizer).FirstOrDefault(group => ParameterOrder.Holds(group, parameter));
}
