using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Finds the layout of a module's output by its shape and by the layer that shaped it.</summary>
internal sealed class LayoutFinder
{
    private readonly nn.Module? _layer;
    private readonly bool _isLayer;

    private LayoutFinder(nn.Module? layer, bool isLayer) => (_layer, _isLayer) = (layer, isLayer);

    /// <summary>
    /// For a module of the model: a layer, or one that passes on what a layer made (the last inside it, or else the nearest before it).
    /// </summary>
    public static LayoutFinder For(ModuleNode node, IReadOnlyList<ModuleNode> nodes)
    {
        if (LayerChoice.IsLayer(node.Module))
            return new LayoutFinder(node.Module, isLayer: true);
        var inside = node.Path.Length == 0 ? "" : node.Path + ".";
        var layers = nodes.Where(other => LayerChoice.IsLayer(other.Module)).ToList();
        var before = nodes.TakeWhile(other => !ReferenceEquals(other.Module, node.Module)).Select(other => other.Module)
            .ToHashSet(ReferenceEqualityComparer.Instance);
        var layer = layers.LastOrDefault(other => other.Path.StartsWith(inside, StringComparison.Ordinal))
            ?? layers.LastOrDefault(other => before.Contains(other.Module));
        return new LayoutFinder(layer?.Module, isLayer: false);
    }

    /// <summary>
    /// A layer says itself where its features are. For any other module (pooling, norm, residual block) the layer's width tells where it
    /// stands at one place of the shape only; otherwise maps have channels first, and sequences are as the layer's.
    /// </summary>
    /// <param name="shape">The output's shape.</param>
    public FeatureLayout Of(ReadOnlySpan<long> shape)
    {
        var own = _layer is Convolution or IWatchedLayer { HasChannelsFirst: true }
            ? FeatureLayout.ChannelsFirst
            : FeatureLayout.ChannelsLast;
        if (_isLayer || shape.Length < 3)
            return own;
        var maps = shape.Length > 3 ? FeatureLayout.ChannelsFirst : own;
        if (Width() is not { } width)
            return maps;
        return (shape[1] == width, shape[^1] == width) switch
        {
            (true, false) => FeatureLayout.ChannelsFirst,
            (false, true) => FeatureLayout.ChannelsLast,
            (true, true) => own,
            _ => maps,
        };
    }

    private long? Width() => _layer switch
    {
        Linear linear => linear.out_features,
        Convolution convolution => convolution.out_channels,
        _ => null,
    };
}
