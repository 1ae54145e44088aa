using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <content>Layers that a cut takes away, and that come back with it.</content>
internal sealed partial class WatchedLayers
{
    /// <summary>
    /// Looks after the layers that the model has now: those that stay go on, those that are gone are given back, new ones begin.
    /// </summary>
    /// <param name="optimizers">The optimizers as they are now.</param>
    /// <param name="returning">What an earlier call gave back: of it, the layers that the model has again go on as they were.</param>
    /// <returns>What is gone.</returns>
    public GoneLayers FollowModel(IReadOnlyList<OptimizerHelper> optimizers, GoneLayers returning)
    {
        var there = ModuleTree.Walk(_model).Select(node => node.Module).ToHashSet(ReferenceEqualityComparer.Instance);
        var gone = new GoneLayers(
            _layers.FindAll(layer => !there.Contains(layer.Current)),
            [.. _unwatched.Values.Where(fix => !there.Contains(fix.Current))]);
        _layers.RemoveAll(gone.Layers.Contains);
        foreach (var fix in gone.Fixes)
            _unwatched.Remove(fix.Name);
        _layers.AddRange(returning.Layers.Where(layer => there.Contains(layer.Current)));
        foreach (var fix in returning.Fixes.Where(fix => there.Contains(fix.Current)))
            _unwatched.Add(fix.Name, fix);
        var first = FirstConvolution;
        var known = _layers.Select(layer => layer.Current).ToHashSet(ReferenceEqualityComparer.Instance);
        foreach (var target in LayerTarget.All(_model))
            if (!known.Contains(target.Fixable.Module) && !ReferenceEquals(target.Fixable.Module, first)
                && IsIncluded(_options, target.Name))
                _layers.Add(new WatchedLayer(
                    target.Name, target.Fixable, NoFrame(_options, target.Fixable) ?? target.WhyNotAlone(optimizers)));
        Reach = ModelReach.Of(_model, _layers, first);
        return gone;
    }
}
