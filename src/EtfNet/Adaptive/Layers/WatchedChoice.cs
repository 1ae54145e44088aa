using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>Which layers of a model a scheduler watches: those that can be fixed, limited by Include and Exclude.</summary>
internal sealed class WatchedChoice(torch.nn.Module model, AdaptiveEtfOptions options)
{
    private IReadOnlySet<torch.nn.Module>? _first;

    /// <summary>The convolutions that see the model's inputs, which do not separate classes yet; they are fixed only if Include names them.
    /// Until forwards have shown them, the first in registration order.</summary>
    public IReadOnlySet<torch.nn.Module> First
    {
        get => options.Include.Count > 0 ? new HashSet<torch.nn.Module>() : _first ?? ModuleTree.Walk(model).Select(node => node.Module)
            .Where(module => module is Convolution or SimplexEtfConvolution).Take(1)
            .ToHashSet<torch.nn.Module>(ReferenceEqualityComparer.Instance);
        set => _first = value;
    }

    /// <summary>Whether forwards must still show which convolutions these are.</summary>
    public bool WantsFirst => options.Include.Count == 0 && _first is null;

    /// <summary>The layers that the model has now.</summary>
    /// <param name="optimizers">The optimizers as they are now.</param>
    /// <param name="known">Modules to leave out.</param>
    public IEnumerable<WatchedLayer> Layers(IReadOnlyList<OptimizerHelper> optimizers, IReadOnlySet<object?> known) =>
        from first in new[] { First }
        from target in LayerTarget.All(model)
        where !known.Contains(target.Fixable.Module) && IsIncluded(target.Name)
        select new WatchedLayer(target.Name, target.Fixable, NoFrame(target.Fixable) ?? target.WhyNotAlone(optimizers))
        {
            SeesInputs = first.Contains(target.Fixable.Module),
        };

    /// <summary>Why there is nothing to watch: no layer is left to be fixed or measured.</summary>
    /// <returns>The reason, and whether the model or the options are to blame; null if there is something to watch.</returns>
    public (string Text, bool IsOfModel)? Problem(IReadOnlyList<WatchedLayer> layers, ModelReach reach)
    {
        var paths = Targets().Select(target => target.Name).Concat(FixedModules.Of(model).Select(layer => layer.Name)).ToList();
        var names = string.Join(", ", paths.Select(Words.Layer));
        // A model whose layers are all fixed is watched as it is.
        if (paths.Count == 0)
            return ($"{model.GetType().Name} has no trainable linear layer or convolution that could be fixed"
                + (reach.Skipped.Count > 0 ? $"; '{Words.Layer(reach.Skipped[0].Name)}': {reach.Skipped[0].Reason}." : "."), true);
        if (options.Include.FirstOrDefault(pattern => !paths.Exists(path => NamePattern.Matches(pattern, path))) is { } nothing)
            return (
                $"Include names '{nothing}', which is not a linear layer or convolution that can be fixed. The model has: {names}.",
                false);
        if (layers.All(layer => layer.SeesInputs) && !paths.Exists(IsIncluded))
            return ($"Include and Exclude leave no layer to be fixed. The model has: {names}.", false);
        // A layer that cannot be fixed is not an error as long as another one is worth watching.
        return layers.All(layer => layer.Excluded is not null || layer.SeesInputs)
            && ModuleTree.Walk(model).All(node =>
                !LayerChoice.IsLayer(node.Module) || layers.Any(layer => !layer.SeesInputs && layer.Name == node.Path))
            ? ($"No layer can be fixed: {string.Join("; ", layers.Select(layer => $"'{layer.Name}': {layer.WhyNever}"))}.", true)
            : null;
    }

    /// <summary>The layers that may be fixed. Of several convolutions, a forward shows which sees the inputs; a single one is taken to see
    /// them.</summary>
    private IEnumerable<LayerTarget> Targets()
    {
        var convolutions = ModuleTree.Walk(model).Where(node => node.Module is Convolution or SimplexEtfConvolution).Take(2).ToList();
        return LayerTarget.All(model).Where(target =>
            options.Include.Count > 0 || convolutions.Count > 1 || target.Fixable.Module is not Convolution);
    }

    private bool IsIncluded(string path) =>
        (options.Include.Count == 0 || NamePattern.MatchesAny(options.Include, path)) && !NamePattern.MatchesAny(options.Exclude, path);

    private string? NoFrame(FixableLayer layer)
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
