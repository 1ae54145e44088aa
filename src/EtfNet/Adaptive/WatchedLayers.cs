using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>The layers of a model that a scheduler looks after.</summary>
internal sealed partial class WatchedLayers
{
    private readonly torch.nn.Module _model;
    private readonly AdaptiveEtfOptions _options;
    private readonly List<WatchedLayer> _layers = [];
    private readonly Dictionary<string, LayerFix> _unwatched = [];

    /// <exception cref="ArgumentException">No layer is left to be fixed, and none to be measured.</exception>
    public WatchedLayers(torch.nn.Module model, AdaptiveEtfOptions options, IReadOnlyList<OptimizerHelper> optimizers)
    {
        (_model, _options) = (model, options);
        var seen = new List<string>();
        var already = FixedModules.Of(model).Select(layer => layer.Name).ToList();
        var first = FirstConvolution;
        foreach (var target in LayerTarget.All(model).Where(target => !ReferenceEquals(target.Fixable.Module, first)))
        {
            seen.Add(target.Name);
            if (IsIncluded(options, target.Name))
            {
                var excluded = NoFrame(options, target.Fixable) ?? target.WhyNotAlone(optimizers);
                _layers.Add(new WatchedLayer(target.Name, target.Fixable, excluded));
            }
        }

        Reach = ModelReach.Of(model, _layers, first);
        if (seen.Count == 0)
            throw new ArgumentException(
                $"{model.GetType().Name} has no trainable linear layer or convolution that could be fixed"
                + (Reach.Skipped.Count > 0 ? $"; '{Reach.Skipped[0].Name}': {Reach.Skipped[0].Reason}." : "."), nameof(model));
        if (options.Include.FirstOrDefault(pattern => !seen.Concat(already).Any(path => NamePattern.Matches(pattern, path))) is { } nothing)
            throw new ArgumentException(
                $"Include names '{nothing}', which is no linear layer or convolution of the model that can be fixed. It has: "
                + $"{string.Join(", ", seen)}.", nameof(options));
        if (_layers.Count == 0)
            throw new ArgumentException(
                $"Include and Exclude leave no layer to be fixed. The model has: {string.Join(", ", seen)}.", nameof(options));
        // A layer that cannot be fixed is no error as long as something else is worth watching.
        if (_layers.All(layer => layer.Excluded is not null)
            && ModuleTree.Walk(model).All(node => !LayerChoice.IsLayer(node.Module) || _layers.Exists(layer => layer.Name == node.Path)))
            throw new ArgumentException(
                $"No layer can be fixed: {string.Join("; ", _layers.Select(layer => $"'{layer.Name}': {layer.Excluded}"))}.",
                nameof(model));
    }

    public IReadOnlyList<WatchedLayer> Layers => _layers;

    /// <summary>Which part of the model can be fixed.</summary>
    public ModelReach Reach { get; private set; }

    /// <summary>What the first convolution sees has no classes yet: it is fixed by name only.</summary>
    private torch.nn.Module? FirstConvolution => _options.Include.Count > 0 ? null
        : ModuleTree.Walk(_model).Select(node => node.Module).FirstOrDefault(module => module is Convolution or SimplexEtfConvolution);

    /// <summary>
    /// Every fix that a way back is known for, of layers outside the choice of names too: a checkpoint may have fixed such.
    /// </summary>
    public IEnumerable<LayerFix> Fixes => _layers.Select(layer => layer.Fix).OfType<LayerFix>().Concat(_unwatched.Values);

    /// <summary>The layers that are not fixed.</summary>
    public IEnumerable<WatchedLayer> Trained => _layers.Where(layer => layer.Fix is null);

    /// <summary>The layers that were fixed once and are trained again.</summary>
    public IEnumerable<WatchedLayer> Returned => Trained.Where(layer => layer.HasReturned);

    /// <exception cref="ArgumentException">There is no such layer.</exception>
    public WatchedLayer this[string layer] => Find(layer) ?? throw new ArgumentException(
        $"No layer '{layer}'. There are: {string.Join(", ", _layers.Select(known => known.Name))}.", nameof(layer));

    /// <summary>The layer of a name; null where it is not looked after.</summary>
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

    /// <summary>Checks that every layer still stands where it stood.</summary>
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
                    + (found is null ? "it is gone" : $"a {found.GetType().Name} stands in its place")
                    + ". Dispose the scheduler before changing the model's layers, and call ApplyAdaptiveEtf again.");
        }
    }

    private static bool IsIncluded(AdaptiveEtfOptions options, string path) =>
        (options.Include.Count == 0 || NamePattern.MatchesAny(options.Include, path)) && !NamePattern.MatchesAny(options.Exclude, path);

    private static string? NoFrame(AdaptiveEtfOptions options, FixableLayer layer)
    {
        var frame = options.Frame ?? EtfFrame.Nearest;
        var (rows, columns) = (layer.Matrix.Rows, layer.ColumnsOf(frame));
        if (FrameShape.Exists(frame, rows, columns))
            return null;
        return rows < 2
            ? "it has one output, and a simplex ETF has at least 2 rows"
            : $"no simplex ETF of {rows} rows exists in {columns} dimensions; choose a Frame with OrColumns to take the column frame";
    }
}
