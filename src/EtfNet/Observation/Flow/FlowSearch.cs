using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The search of one layer for the normalization behind it, over one forward.</summary>
/// <param name="trace">What knows which tensors normalizations take.</param>
/// <param name="pool">Makes features of what a normalization gives.</param>
/// <param name="decided">Takes the normalization that took every output of the layer, and nothing else; null where some output went
/// elsewhere, or to several.</param>
internal sealed class FlowSearch(FlowTrace trace, Func<Forward, Tensor, LayerFeatures> pool, Action<nn.Module?> decided) : IDisposable
{
    private readonly List<(nn.Module Norm, LayerFeatures Own, LayerFeatures Behind)> _taken = [];
    private Forward? _forward;
    private int _calls;

    /// <summary>Takes an output of the layer. A forward that did not end shows nothing: the next one starts afresh.</summary>
    public void Gave(Forward forward, Tensor output, LayerFeatures features)
    {
        if (!ReferenceEquals(forward, _forward))
        {
            Dispose();
            (_forward, _calls) = (forward, 0);
        }

        _calls++;
        trace.Gave(output, this, features);
    }

    /// <summary>A normalization has taken one of the outputs: its result is the feature.</summary>
    public void Took(Forward forward, nn.Module norm, LayerFeatures own, Tensor output)
    {
        if (!ReferenceEquals(forward, _forward))
            return;
        var behind = pool(forward, output);
        if (forward.Swap(own, behind))
            _taken.Add((norm, own, behind));
        else
            behind.Dispose();
    }

    /// <summary>A normalization has taken something else too: what is behind it is not the layer's alone.</summary>
    public void Lost(nn.Module norm) => PutBack(taken => ReferenceEquals(taken.Norm, norm));

    /// <summary>A forward is over. If it was this search's, the search has ended; where no normalization was found, the layer's own
    /// outputs are the features.</summary>
    public void Ended(Forward forward)
    {
        if (!ReferenceEquals(forward, _forward))
            return;
        var norm = _taken.Count == _calls && _taken.Select(taken => taken.Norm).Distinct().ToList() is [var only] ? only : null;
        if (norm is null)
            PutBack(_ => true);
        Dispose();
        _forward = null;
        decided(norm);
        trace.Decided(this);
    }

    /// <summary>Ends the search without a result.</summary>
    public void Cancel()
    {
        Dispose();
        _forward = null;
        trace.Decided(this);
    }

    /// <summary>Lets go of the layer's own outputs, which the search keeps until the forward is over.</summary>
    public void Dispose()
    {
        _taken.ForEach(taken => taken.Own.Dispose());
        _taken.Clear();
    }

    private void PutBack(Predicate<(nn.Module Norm, LayerFeatures Own, LayerFeatures Behind)> which)
    {
        foreach (var taken in _taken.FindAll(which))
            (_forward!.Swap(taken.Behind, taken.Own) ? taken.Behind : taken.Own).Dispose();
        _taken.RemoveAll(which);
    }
}
