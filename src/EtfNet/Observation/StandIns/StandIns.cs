using System.Runtime.CompilerServices;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Puts recording stand-ins where a model's code calls layers by <c>forward</c>, and takes them away again.</summary>
internal sealed class StandIns(nn.Module model)
{
    private readonly List<RecordingModule> _placed = [];
    private readonly Dictionary<nn.Module, string> _obstacles = new(ReferenceEqualityComparer.Instance);

    /// <summary>Whether there are any.</summary>
    public bool Any => _placed.Count > 0;

    /// <summary>The paths of the layers that have one.</summary>
    public List<string> Paths
    {
        get =>
        [
            .. ModuleTree.Walk(model).Where(node => _placed.Exists(one => ReferenceEquals(one.Layer, node.Module)))
                .Select(node => node.Path),
        ];
        set => Put([.. ModuleTree.Walk(model).Where(node => value.Contains(node.Path)).Select(node => node.Module)]);
    }

    /// <summary>Where silent layers cannot be recorded, and the one change that would let them; null where there is none.</summary>
    public string? Obstacle()
    {
        if (_obstacles.Count == 0)
            return null;
        var names = ModuleTree.Walk(model).Where(node => _obstacles.ContainsKey(node.Module));
        return string.Join("; ", names.Take(3).Select(node => $"'{node.Path}': {_obstacles[node.Module]}")) + ".";
    }

    /// <summary>Why a layer's calls cannot be seen; null where nothing stands in the way.</summary>
    public string? ObstacleOf(nn.Module module) => _obstacles.GetValueOrDefault(module);

    /// <summary>Places stand-ins for layers that have not fired, wherever the types of the places allow it.</summary>
    /// <param name="silent">The layers.</param>
    /// <param name="call">
    /// Calls the model. Where it then gives something else than without stand-ins, because it looks at the type of a layer, that layer is
    /// left in its place, as is one that it has not called. If it gives null, the model cannot be called: nothing is tried.
    /// </param>
    /// <returns>Whether any were placed.</returns>
    public bool Place(IReadOnlyList<nn.Module> silent, Func<OutputCopies?> call)
    {
        using var before = silent.Count == 0 ? null : call();
        if (before is null)
            return Put(silent).Count > 0;
        if (Try(silent) is { } placed)
            return placed;
        if (!IsSame())
            return IsRandom() && Put(silent).Count > 0;
        var any = false;
        foreach (var layer in silent)
            if ((silent.Count == 1 ? null : Try([layer])) is { } one)
                any |= one;
            else
                _obstacles[layer] = "the model's forward looks at its type or at its weight: call it by call()";
        return any;

        // Null: the model gave something else.
        bool? Try(IReadOnlyList<nn.Module> layers)
        {
            var (placed, isSame) = (Put(layers), false);
            if (placed.Count == 0)
                return false;
            try
            {
                isSame = IsSame();
            }
            finally
            {
                TakeAway(isSame ? placed.FindAll(one => !one.WasCalled) : placed);
            }

            return isSame ? placed.Exists(one => one.WasCalled) : null;
        }

        bool IsSame()
        {
            using var now = call();
            return now?.AreNear(before) == true;
        }

        // A layer that has just joined in changes what the model gives once, noise at each call.
        bool IsRandom()
        {
            using var one = call();
            using var other = call();
            return one is not null && other?.AreNear(one) == false;
        }
    }

    /// <summary>Puts the layers back into their places.</summary>
    public void Remove()
    {
        TakeAway([.. _placed]);
        _obstacles.Clear();
    }

    private void TakeAway(IReadOnlyList<RecordingModule> standIns)
    {
        if (standIns.Count == 0)
            return;
        var found = SlotFinder.Find(model, standIns);
        foreach (var standIn in standIns)
        {
            foreach (var slot in found.GetValueOrDefault(standIn) ?? [])
                slot.Put(standIn.Layer);
            _placed.Remove(standIn);
        }
    }

    private List<RecordingModule> Put(IReadOnlyList<nn.Module> silent)
    {
        var before = _placed.Count;
        var layers = silent.OfType<nn.Module<Tensor, Tensor>>()
            .Where(layer => !_placed.Exists(placed => ReferenceEquals(placed.Layer, layer))).ToList();
        if (layers.Count == 0)
            return [];
        var modules = ModuleTree.Walk(model).Select(node => node.Module).ToList();
        var found = SlotFinder.Find(model, layers);
        foreach (var layer in layers)
        {
            if (!found.TryGetValue(layer, out var slots))
                continue;
            var standIn = new RecordingModule(layer);
            foreach (var slot in slots.Where(slot => slot.CanHold(typeof(RecordingModule))))
                slot.Put(standIn);
            foreach (var module in modules)
                Register(module, standIn, layer);
            // TorchSharp's containers call their layers by call(): a place of the user's own must be left.
            if (SlotFinder.Find(model, [standIn]).ContainsKey(standIn))
                _placed.Add(standIn);
            else if (slots.Find(slot => !slot.CanHold(typeof(RecordingModule))) is { } refusing)
                _obstacles[layer] = $"{refusing.Where} is declared as {refusing.Accepts?.Name ?? "a place that cannot be written"}, and no "
                    + "hook sees a call of its forward(): write call() instead of forward()";
        }

        return _placed[before..];
    }

    /// <summary>Lets TorchSharp's own registry of a module hold the layer itself: names, parameters and state come from there.</summary>
    private static void Register(nn.Module module, nn.Module standIn, nn.Module<Tensor, Tensor> layer)
    {
        var registry = Submodules(module);
        for (var i = 0; i < registry.Count; i++)
            if (registry[i] is var (name, held) && ReferenceEquals(held, standIn))
                registry[name] = layer;
        if (module is not Sequential sequential)
            return;
        var members = Members(sequential);
        for (var i = 0; i < members.Count; i++)
            if (ReferenceEquals(members[i], standIn))
                members[i] = layer;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_internal_submodules")]
    private static extern ref OrderedDict<string, nn.Module> Submodules(nn.Module module);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_modules")]
    private static extern ref List<nn.IModule<Tensor, Tensor>> Members(Sequential sequential);
}
