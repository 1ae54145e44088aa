using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>Which part of a model a scheduler can fix, and why not the rest.</summary>
/// <param name="Skipped">The layers that can never be fixed, in registration order.</param>
/// <param name="InReach">The weights of layers that can be fixed, or are.</param>
/// <param name="OutOfReach">All other parameters.</param>
internal sealed record ModelReach(IReadOnlyList<SkippedLayer> Skipped, long InReach, long OutOfReach)
{
    private static readonly HashSet<string> NativeComposites =
    [
        "MultiheadAttention", "Transformer", "TransformerEncoder", "TransformerEncoderLayer", "TransformerDecoder",
        "TransformerDecoderLayer", "RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell",
    ];

    /// <param name="model">The model.</param>
    /// <param name="watched">The watched layers.</param>
    public static ModelReach Of(torch.nn.Module model, IReadOnlyList<WatchedLayer> watched)
    {
        var (skipped, reached, total, counted) = (new List<SkippedLayer>(), 0L, 0L, new HashSet<IntPtr>());
        foreach (var node in ModuleTree.Walk(model))
        {
            // A weight that several modules share counts once.
            var own = TorchSharpInternals.Parameters(node.Module).Values
                .Where(parameter => !parameter.IsInvalid && counted.Add(TensorStorage.Address(parameter))).ToList();
            var numbers = own.Sum(parameter => parameter.NumberOfElements);
            var weight = FixedModules.WeightCount(node.Module);
            total += numbers + (node.Module is IFixedLayer ? weight : 0);
            var layer = watched.FirstOrDefault(layer => ReferenceEquals(layer.Layer.Module, node.Module));
            if (weight > 0)
                reached += weight;
            else if (layer is { WhyNever: null })
                reached += layer.Layer.Weight.requires_grad ? layer.Layer.Weight.NumberOfElements : 0;
            else if (layer is not null || own.Exists(parameter => parameter.dim() > 1))
                skipped.Add(new SkippedLayer(node.Path, WhyNot(node.Module, layer), numbers));
        }

        return new ModelReach(skipped, reached, total - reached);
    }

    private static string WhyNot(torch.nn.Module module, WatchedLayer? layer)
    {
        var type = module.GetType().Name;
        return layer?.WhyNever ?? module switch
        {
            Convolution convolution when ConvWindow.Obstacle(convolution) is { } obstacle => obstacle,
            Embedding or EmbeddingBag => $"{type} is a lookup table, not a map of features",
            _ when FixableLayer.Of(module) is not null => "left out by Include or Exclude",
            _ when module.GetType().Assembly == typeof(torch).Assembly && NativeComposites.Contains(type) =>
                $"{type} is native: its inner layers cannot be reached; build it from Linear layers",
            _ => $"{type} has parameters of its own, outside all layers that can be fixed",
        };
    }
}
