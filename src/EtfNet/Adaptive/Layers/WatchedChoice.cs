using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>Which layers of a model a scheduler looks after: what can be fixed, as far as Include and Exclude name it.</summary>
internal sealed class WatchedChoice(torch.nn.Module model, AdaptiveEtfOptions options)
{
    /// <summary>What the first convolution sees has no classes yet: it is fixed by name only.</summary>
    private torch.nn.Module? FirstConvolution => options.Include.Count > 0 ? null
        : ModuleTree.Walk(model).Select(node => node.Module).FirstOrDefault(module => module is Convolution or SimplexEtfConvolution);

    /// <summary>The layers that the model has now.</summary>
    /// <param name="optimizers">The optimizers as they are now.</param>
    /// <param name="known">Modules to leave out.</param>
    public IEnumerable<WatchedLayer> Layers(IReadOnlyList<OptimizerHelper> optimizers, IReadOnlySet<object?> known) =>
        from target in Targets().ToList()
        where !known.Contains(target.Fixable.Module) && IsIncluded(target.Name)
        select new WatchedLayer(target.Name, target.Fixable, NoFrame(target.Fixable) ?? target.WhyNotAlone(optimizers));

    /// <summary>Which part of the model can be fixed.</summary>
    public ModelReach Reach(IReadOnlyList<WatchedLayer> layers)
    {
        var first = FirstConvolution;
        return ModelReach.Of(model, layers, LayerTarget.All(model).FirstOrDefault(target => ReferenceEquals(target.Fixable.Module, first))
            is { } target ? (target.Fixable.Module, NoFrame(target.Fixable) ?? target.WhyNotAlone([])
                ?? "it is the network's first convolution, which sees the raw inputs: name it in Include to have it fixed")
            : null);
    }

    /// <summary>Why there is nothing to look after: no layer is left to be fixed, and none to be measured.</summary>
    /// <returns>The reason, and whether the model or the options are to blame; null where there is something.</returns>
    public (string Text, bool IsOfModel)? Problem(IReadOnlyList<WatchedLayer> layers, ModelReach reach)
    {
        var names = Targets().Select(target => target.Name).ToList();
        var paths = names.Concat(FixedModules.Of(model).Select(layer => layer.Name)).ToList();
        // A model whose layers are all fixed is watched as it is.
        if (paths.Count == 0)
            return ($"{model.GetType().Name} has no trainable linear layer or convolution that could be fixed"
                + (reach.Skipped.Count > 0 ? $"; '{reach.Skipped[0].Name}': {reach.Skipped[0].Reason}." : "."), true);
        if (options.Include.FirstOrDefault(pattern => !paths.Exists(path => NamePattern.Matches(pattern, path))) is { } nothing)
            return ($"Include names '{nothing}', which is no linear layer or convolution of the model that can be fixed. It has: "
                + $"{string.Join(", ", paths)}.", false);
        if (layers.Count == 0 && !paths.Exists(IsIncluded))
            return ($"Include and Exclude leave no layer to be fixed. The model has: {string.Join(", ", paths)}.", false);
        // A layer that cannot be fixed is no error as long as something else is worth watching.
        return layers.All(layer => layer.Excluded is not null)
            && ModuleTree.Walk(model).All(node => !LayerChoice.IsLayer(node.Module) || layers.Any(layer => layer.Name == node.Path))
            ? ($"No layer can be fixed: {string.Join("; ", layers.Select(layer => $"'{layer.Name}': {layer.Excluded}"))}.", true)
            : null;
    }

    private IEnumerable<LayerTarget> Targets()
    {
        var first = FirstConvolution;
        return LayerTarget.All(model).Where(target => !ReferenceEquals(target.Fixable.Module, first));
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
