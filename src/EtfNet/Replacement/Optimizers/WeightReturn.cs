using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>Finds the optimizers that train a weight once its layer is fixed no longer, and gives it to them.</summary>
/// <remarks>
/// These are the optimizers that held it before, and later ones that have taken over from one of them, that is, hold all that it holds. If
/// none of these is known any more, they are those that train the nearest parameters in the model.
/// </remarks>
internal static class WeightReturn
{
    /// <summary>Chooses the optimizers, and in each the groups. Changes nothing.</summary>
    /// <param name="model">The model.</param>
    /// <param name="layer">The module that stands in the layer's place.</param>
    /// <param name="weight">The weight as it left.</param>
    /// <param name="present">The optimizers that were known when the layer was fixed.</param>
    /// <param name="known">The optimizers as they are now.</param>
    public static IReadOnlyList<(OptimizerHelper Optimizer, ParamGroup Group)> Choose(
        torch.nn.Module model, torch.nn.Module layer, Parameter weight,
        IReadOnlyList<OptimizerHelper> present, IReadOnlyList<OptimizerHelper> known)
    {
        var held = known.SelectMany(optimizer => TorchSharpInternals.Groups(optimizer)
            .Where(group => ParameterOrder.Remembers(group, weight)).Select(group => (Optimizer: optimizer, Group: group))).ToList();
        var nearest = NearestParameters.Of(model, layer);
        if (held.Count == 0)
            return [.. nearest.Holders(known).Select(optimizer => (optimizer, nearest.GroupIn(optimizer)))];
        var places = held.ToList();
        foreach (var successor in known.Where(one => !present.Contains(one) && !held.Exists(place => place.Optimizer == one)))
            if (held.FindIndex(place => TakesOver(successor, place.Optimizer, [])) is var from and >= 0)
                places.Add((successor, Counterpart(successor, held[from].Optimizer, held[from].Group, nearest)));
        return places;
    }

    /// <summary>
    /// The optimizers and groups that parameters were taken from, as far as those groups still stand; else each optimizer's first group.
    /// </summary>
    public static IEnumerable<(OptimizerHelper Optimizer, ParamGroup Group)> Places(IEnumerable<DetachedParameter> detached) =>
        detached.SelectMany(entry =>
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
    public static void Run(
        torch.nn.Module model, Parameter weight, Parameter before, IReadOnlyList<(OptimizerHelper Optimizer, ParamGroup Group)> places,
        IReadOnlyList<DetachedParameter> detached, bool isKept, IReadOnlyList<OptimizerHelper> known)
    {
        var parameters = FixedModules.ParametersOf(model);
        foreach (var place in places.GroupBy(place => place.Optimizer, place => place.Group))
        {
            var entry = detached.FirstOrDefault(entry => entry.Optimizer == place.Key);
            var kept = isKept && entry?.Placement.Fits(weight) == true ? entry.State : null;
            OptimizerDetachment.Put(place.Key, [.. place], weight, before, kept, parameters);
        }

        foreach (var entry in detached)
            if (isKept && OptimizerStates.Of(entry.Optimizer, weight) is var now && (now is null || now != entry.State))
                entry.Dispose();
        foreach (var optimizer in known)
            OptimizerDetachment.Complete(optimizer);
    }

    /// <summary>
    /// Gives an optimizer that takes over from another the weights that came back to that one before the scheduler was told of it.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="successor">The optimizer that is new.</param>
    /// <param name="returned">The layers that were fixed once and are trained again.</param>
    /// <param name="known">The optimizers that are known already.</param>
    public static void AddReturned(
        torch.nn.Module model, OptimizerHelper successor, IReadOnlyList<FixableLayer> returned, IReadOnlyList<OptimizerHelper> known)
    {
        var weights = returned.Where(layer => ParameterOrder.Holder(successor, layer.Weight) is null).ToList();
        var except = weights.Select(layer => layer.Weight.Handle).ToHashSet();
        var parameters = FixedModules.ParametersOf(model);
        foreach (var layer in weights)
        {
            var holders = known.Where(one => ParameterOrder.Holder(one, layer.Weight) is not null);
            if (holders.FirstOrDefault(one => TakesOver(successor, one, except)) is not { } from)
                continue;
            var nearest = NearestParameters.Of(model, layer.Module);
            var group = Counterpart(successor, from, ParameterOrder.Holder(from, layer.Weight)!, nearest);
            OptimizerDetachment.Put(successor, [group], layer.Weight, layer.Weight, null, parameters);
        }
    }

    /// <summary>Whether one optimizer has taken the place of another: it holds everything that the other holds.</summary>
    private static bool TakesOver(OptimizerHelper successor, OptimizerHelper other, HashSet<IntPtr> except)
    {
        var left = Handles(other).Where(handle => !except.Contains(handle)).ToHashSet();
        return left.Count > 0 && left.IsSubsetOf(Handles(successor));
    }

    /// <summary>
    /// The group of an optimizer that stands for another's: the one of the same number where there are as many, else the nearest.
    /// </summary>
    private static ParamGroup Counterpart(
        OptimizerHelper successor, OptimizerHelper other, ParamGroup group, NearestParameters nearest)
    {
        var (own, theirs) = (TorchSharpInternals.Groups(successor), TorchSharpInternals.Groups(other));
        return own.Count == theirs.Count && theirs.IndexOf(group) is var index and >= 0 ? own[index] : nearest.GroupIn(successor);
    }

    private static IEnumerable<IntPtr> Handles(OptimizerHelper optimizer) =>
        optimizer.parameters().Where(parameter => !parameter.IsInvalid).Select(parameter => parameter.Handle);
}
