using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The search of one layer for the normalization behind it, over one forward.</summary>
internal sealed class FlowSearch(FlowTrace trace, Func<Forward, Tensor, LayerFeatures> pool) : IDisposable
{
    private readonly List<Taken> _taken = [];
    private Forward? _forward;
    private int _calls;
    private bool _isOver;

    /// <summary>The normalization that took every output of the layer, and nothing else; null where some output went elsewhere, or to
    /// several.</summary>
    public nn.Module? Taker => _taken.Count == _calls ? Only(_taken.Select(taken => taken.Norm).Distinct()) : null;

    /// <summary>
    /// Whether the first forward with this layer is over: then <see cref="Taker"/> is what was found, and the search has ended.
    /// </summary>
    public bool IsOver(Forward forward)
    {
        _forward ??= forward;
        if (ReferenceEquals(forward, _forward))
            return false;
        Dispose();
        trace.Decided();
        return true;
    }

    /// <summary>The layer has given an output.</summary>
    public void Gave(Tensor output, LayerFeatures features)
    {
        _calls++;
        trace.Gave(output, this, features);
    }

    /// <summary>A normalization has taken one of the outputs: its result is the feature.</summary>
    public void Took(Forward forward, nn.Module norm, LayerFeatures own, Tensor output)
    {
        if (_isOver || !ReferenceEquals(forward, _forward))
            return;
        var behind = pool(forward, output);
        if (forward.Swap(own, behind))
            _taken.Add(new Taken(norm, own, behind));
        else
            behind.Dispose();
    }

    /// <summary>A normalization has taken something else too: what is behind it is not the layer's alone, and its own outputs are the
    /// features.</summary>
    public void Lost(nn.Module norm)
    {
        if (_isOver)
            return;
        foreach (var taken in _taken.Where(taken => ReferenceEquals(taken.Norm, norm)))
            (_forward!.Swap(taken.Behind, taken.Own) ? taken.Behind : taken.Own).Dispose();
        _taken.RemoveAll(taken => ReferenceEquals(taken.Norm, norm));
    }

    /// <summary>Lets go of the layer's own outputs, which the search kept.</summary>
    public void Dispose()
    {
        if (!_isOver)
            _taken.ForEach(taken => taken.Own.Dispose());
        _isOver = true;
    }

    private static nn.Module? Only(IEnumerable<nn.Module> norms) => norms.ToList() is [var only] ? only : null;

    private sealed record Taken(nn.Module Norm, LayerFeatures Own, LayerFeatures Behind);
}
