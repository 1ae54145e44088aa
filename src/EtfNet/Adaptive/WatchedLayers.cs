using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>The linear layers of a model that a scheduler looks after.</summary>
internal sealed class WatchedLayers
{
    private readonly torch.nn.Module _model;
    private readonly List<WatchedLayer> _layers = [];
    private readonly List<(string Layer, string Reason)> _composites = [];

    /// <exception cref="ArgumentException">No linear layer is left to be fixed.</exception>
    public WatchedLayers(torch.nn.Module model, AdaptiveEtfOptions options)
    {
        _model = model;
        var seen = new List<string>();
        var already = FixedModules.Of(model).Select(layer => layer.Name).ToList();
        foreach (var target in LayerTarget.All(model))
        {
            seen.Add(target.Name);
            if (!IsIncluded(options, target.Name))
                continue;
            _layers.Add(new WatchedLayer(target.Name, target.Layer)
            {
                Excluded = (target.Obstacle ?? NoFrame(options, target.Layer)) is { } why ? new LayerDecision(target.Name, LayerReason.NotFixable) { Detail = why } : null,
            });
        }

        foreach (var node in ModuleTree.Walk(model))
            if (NativeComposites.Contains(node.Module.GetType().Name) && node.Module.GetType().Assembly == typeof(torch).Assembly)
                _composites.Add((node.Path, $"{node.Module.GetType().Name} is native: its inner layers cannot be reached; build it of Linear layers"));
        if (seen.Count == 0)
            throw new ArgumentException(
                $"{model.GetType().Name} has no trainable Linear layer that could be fixed" + (_composites.Count > 0 ? $"; {_composites[0].Layer}: {_composites[0].Reason}." : "."), nameof(model));
        if (options.Include.FirstOrDefault(pattern => !seen.Concat(already).Any(path => NamePattern.Matches(pattern, path))) is { } nothing)
            throw new ArgumentException($"Include names '{nothing}', which is no Linear layer of the model. It has: {string.Join(", ", seen)}.", nameof(options));
        if (_layers.Count == 0)
            throw new ArgumentException(
                $"Include and Exclude leave no layer to be fixed. The model has: {string.Join(", ", seen)}.", nameof(options));
        if (_layers.All(layer => layer.Excluded is not null))
            throw new ArgumentException(
                "No layer can be fixed: " + string.Join("; ", _layers.Select(layer => $"'{layer.Name}': {layer.Excluded}")) + ".", nameof(model));
    }

    private static readonly HashSet<string> NativeComposites =
        ["MultiheadAttention", "Transformer", "TransformerEncoder", "TransformerEncoderLayer", "TransformerDecoder", "TransformerDecoderLayer", "RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"];

    public IReadOnlyList<WatchedLayer> Layers => _layers;

    /// <summary>The layers that can never be fixed, with the reason.</summary>
    public IReadOnlyList<(string Layer, string Reason)> Skipped =>
        [.. _layers.Where(layer => layer.Excluded?.Reason == LayerReason.NotFixable).Select(layer => (layer.Name, layer.Excluded!.ToString())), .. _composites];

    /// <exception cref="ArgumentException">There is no such layer.</exception>
    public WatchedLayer this[string layer] => _layers.FirstOrDefault(known => known.Name == layer) ?? throw new ArgumentException(
        $"No layer '{layer}'. There are: {string.Join(", ", _layers.Select(known => known.Name))}.", nameof(layer));

    /// <summary>Checks that every layer still stands where it stood.</summary>
    /// <exception cref="InvalidOperationException">The model was changed by hand.</exception>
    public void RequireUnchanged()
    {
        var modules = ModuleTree.Walk(_model).ToDictionary(node => node.Path, node => node.Module);
        foreach (var layer in _layers)
        {
            var expected = layer.Fix?.Current ?? layer.Layer;
            if (!modules.TryGetValue(layer.Name, out var found) || !ReferenceEquals(found, expected))
                throw new InvalidOperationException(
                    $"Layer '{layer.Name}' was changed by hand: " + (found is null ? "it is gone" : $"a {found.GetType().Name} stands in its place") +
                    ". Dispose the scheduler before changing the model's layers, and call ApplyAdaptiveEtf again.");
        }
    }

    private static bool IsIncluded(AdaptiveEtfOptions options, string path) =>
        (options.Include.Count == 0 || NamePattern.MatchesAny(options.Include, path)) && !NamePattern.MatchesAny(options.Exclude, path);

    private static string? NoFrame(AdaptiveEtfOptions options, Linear layer)
    {
        var (rows, columns) = (layer.weight.shape[0], layer.weight.shape[1]);
        if (FrameShape.Exists(options.Frame ?? EtfFrame.Nearest, rows, columns))
            return null;
        return rows < 2
            ? "it has one output, and a simplex ETF has at least 2 rows"
            : $"no simplex ETF of {rows} rows exists in {columns} dimensions; choose a Frame with OrColumns to take the column frame";
    }
}
