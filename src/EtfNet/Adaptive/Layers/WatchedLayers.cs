using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>The layers of a model that a scheduler watches.</summary>
internal sealed class WatchedLayers
{
    private readonly torch.nn.Module _model;
    private readonly WatchedChoice _choice;
    private readonly List<WatchedLayer> _layers = [];
    private readonly Dictionary<string, LayerFix> _unwatched = [];

    /// <exception cref="ArgumentException">No layer is left to be fixed, and none to be measured.</exception>
    public WatchedLayers(torch.nn.Module model, AdaptiveEtfOptions options, IReadOnlyList<OptimizerHelper> optimizers)
    {
        (_model, _choice) = (model, new WatchedChoice(model, options));
        _layers.AddRange(_choice.Layers(optimizers, new HashSet<object?>()));
        if (_choice.Problem(_layers, Reach) is var (problem, isOfModel))
            throw new ArgumentException(problem, isOfModel ? nameof(model) : nameof(options));
    }

    public IReadOnlyList<WatchedLayer> Layers => _layers;

    /// <summary>Which part of the model can be fixed.</summary>
    public ModelReach Reach => ModelReach.Of(_model, _layers);

    /// <summary>Whether forwards are to show which convolutions see the model's inputs.</summary>
    public bool WantsFirst => _choice.WantsFirst;

    /// <summary>Records which convolutions see the model's inputs.</summary>
    public void Settle(IReadOnlySet<torch.nn.Module> first)
    {
        _choice.First = first;
        foreach (var layer in _layers)
            layer.SeesInputs = first.Contains(layer.Layer.Module);
    }

    /// <summary>
    /// Every fix that can be reverted, also those of layers outside Include, which a checkpoint may have made.
    /// </summary>
    public IEnumerable<LayerFix> Fixes => _layers.Select(layer => layer.Fix).OfType<LayerFix>().Concat(_unwatched.Values);

    /// <summary>The layers that are not fixed.</summary>
    public IEnumerable<WatchedLayer> Trained => _layers.Where(layer => layer.Fix is null);

    /// <summary>The layers that were fixed once and are trained again.</summary>
    public IEnumerable<WatchedLayer> Returned => Trained.Where(layer => layer.HasReturned);

    /// <summary>The names of all layers that are fixed now, by this scheduler or before it.</summary>
    public IReadOnlySet<string> FixedNames() =>
        ModuleTree.Walk(_model).Where(node => FixedModules.WeightCount(node.Module) > 0).Select(node => node.Path).ToHashSet();

    /// <exception cref="ArgumentException">There is no such layer.</exception>
    public WatchedLayer this[string layer] => Find(layer) ?? throw new ArgumentException(
        FixedNames().Contains(layer)
            ? $"Layer '{layer}' was fixed before this scheduler was made, and this scheduler cannot revert it: build the model anew."
            : $"No layer '{layer}'. There are: {(_layers.Count == 0 ? "none" : string.Join(", ", _layers.Select(known => known.Name)))}.",
        nameof(layer));

    /// <summary>The layer of a name; null if it is not watched.</summary>
    public WatchedLayer? Find(string layer) => _layers.Find(known => known.Name == layer);

    /// <summary>Remembers how a layer was fixed.</summary>
    public void Add(LayerFix fix)
    {
        if (Find(fix.Name) is { } layer)
            layer.Fix = fix;
        else
            _unwatched[fix.Name] = fix;
    }

    /// <summary>Forgets a fix that was taken back.</summary>
    public void Remove(LayerFix fix)
    {
        if (Find(fix.Name) is { } layer)
            layer.Fix = null;
        else
            _unwatched.Remove(fix.Name);
    }

    /// <summary>
    /// Watches the layers that the model has now: those that are still there continue, removed ones are returned, new ones start.
    /// </summary>
    /// <param name="optimizers">The optimizers as they are now.</param>
    /// <param name="returning">What an earlier call returned: layers in it that the model has again continue as they were.</param>
    /// <returns>The removed layers.</returns>
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
        _layers.AddRange(_choice.Layers(optimizers, _layers.Select(layer => layer.Current).ToHashSet(ReferenceEqualityComparer.Instance)));
        return gone;
    }

    /// <summary>Checks that every layer is still in its place.</summary>
    /// <exception cref="InvalidOperationException">The model was changed by hand.</exception>
    public void RequireUnchanged()
    {
        var modules = ModuleTree.Walk(_model).ToDictionary(node => node.Path, node => node.Module);
        var there = Trained.Select(layer => (layer.Name, layer.Layer.Module)).Concat(Fixes.Select(fix => (fix.Name, fix.Current)));
        foreach (var (name, expected) in there)
        {
            if (!modules.TryGetValue(name, out var found) || !ReferenceEquals(found, expected))
                throw new InvalidOperationException(
                    $"Layer '{name}' was changed by hand: "
                    + (found is null ? "it is gone" : $"a {found.GetType().Name} has taken its place")
                    + (found is IFixedLayer ? ", probably by another scheduler that watches the same layer" : "")
                    + ". Dispose the scheduler before changing the model's layers, and call ApplyAdaptiveEtf again.");
        }
    }
}
