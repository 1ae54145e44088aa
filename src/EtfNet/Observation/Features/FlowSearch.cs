using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The search of one layer for the normalization behind it, over one forward.</summary>
internal sealed class FlowSearch(FlowTrace trace, Func<Forward, Tensor, LayerFeatures> pool)
{
    private readonly List<nn.Module> _takers = [];
    private Forward? _forward;
    private int _calls;

    /// <summary>
    /// Whether the first forward with this layer is over: then <see cref="Taker"/> is what was found, and the search has ended.
    /// </summary>
    public bool IsOver(Forward forward)
    {
        _forward ??= forward;
        if (ReferenceEquals(forward, _forward))
            return false;
        trace.Decided();
        return true;
    }

    /// <summary>The normalization that took every output of the layer; null where some output went elsewhere, or to several.</summary>
    public nn.Module? Taker => _takers.Count == _calls && _takers.Distinct().Count() == 1 ? _takers[0] : null;

    /// <summary>The layer has given an output.</summary>
    public void Gave(Tensor output, LayerFeatures features)
    {
        _calls++;
        trace.Gave(output, this, features);
    }

    /// <summary>A normalization has taken one of the outputs: its result is the feature.</summary>
    public void Took(Forward forward, nn.Module norm, LayerFeatures own, Tensor output)
    {
        if (!ReferenceEquals(forward, _forward))
            return;
        _takers.Add(norm);
        forward.Replace(own, pool(forward, output));
    }
}
