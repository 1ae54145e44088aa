using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A hook at a layer's feature point: pools what passes and hands it on, outside every scope.</summary>
internal sealed class LayerTap : IDisposable
{
    private readonly Action<LayerTap, Tensor> _sink;
    private readonly Func<bool> _isListening;
    private readonly FeaturePooling _pooling;
    private readonly TapPoint _point;
    private readonly bool _sitsOnLayer;
    private readonly FeatureLayout _layout;
    private Action? _remove;
    private long _rank;

    /// <param name="layer">The layer.</param>
    /// <param name="point">Where its features are.</param>
    /// <param name="pooling">How an output becomes a vector a sample.</param>
    /// <param name="isListening">Whether anyone wants the features of the call under way.</param>
    /// <param name="sink">Takes the features, and with them the duty to dispose them.</param>
    public LayerTap(ModuleNode layer, TapPoint point, FeaturePooling pooling, Func<bool> isListening, Action<LayerTap, Tensor> sink)
    {
        Name = layer.Path;
        Layer = layer.Module;
        _point = point;
        _pooling = pooling;
        _isListening = isListening;
        _sink = sink;
        _sitsOnLayer = ReferenceEquals(point.Module, layer.Module);
        _layout = layer.Module is TorchSharp.Modules.Convolution ? FeatureLayout.ChannelsFirst : FeatureLayout.ChannelsLast;
        _remove = HookBinder.After(point.Module, Take);
        HasHook = _remove is not null;
    }

    public string Name { get; }

    /// <summary>The layer itself, which need not be the module that the hook is on.</summary>
    public nn.Module Layer { get; private set; }

    public bool HasHook { get; private set; }

    /// <summary>Whether the hook ever fired, in whatever mode.</summary>
    public bool HasFired { get; private set; }

    public string Point => FeaturePooler.Describe(_pooling, _rank, _layout) is { } how ? $"{_point.Text}; {how}" : _point.Text;

    /// <summary>Another module has come in the layer's place.</summary>
    public void Follow(nn.Module replacement)
    {
        if (ReferenceEquals(replacement, Layer))
            return;
        if (_sitsOnLayer)
        {
            var remove = HookBinder.After(replacement, Take)
                ?? throw new ArgumentException($"The module put in the place of layer '{Name}' has no forward hooks.", nameof(replacement));
            _remove?.Invoke();
            (_remove, HasHook) = (remove, true);
        }

        Layer = replacement;
    }

    /// <summary>Features given by hand, pooled as the hook would.</summary>
    public Tensor Pool(Tensor output)
    {
        _rank = output.dim();
        return FeaturePooler.Pool(output, _pooling, _layout);
    }

    public void Dispose()
    {
        _remove?.Invoke();
        _remove = null;
    }

    private void Take(Tensor output)
    {
        HasFired = true;
        if (!_isListening() || output.dim() == 0 || !is_floating_point(output))
            return;
        _rank = output.dim();
        _sink(this, FeaturePooler.Pool(output, _pooling, _layout, _point.Overwritten));
    }
}
