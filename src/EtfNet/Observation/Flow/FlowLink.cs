using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Follows each output of a layer to the one normalization behind it, which takes every output of the layer and nothing else;
/// where that fails once, the link is broken for good.</summary>
internal sealed class FlowLink : IModuleListener, IDisposable
{
    private readonly ObservedForwards _forwards;
    private readonly Action<Forward, Tensor> _took;
    private readonly Action<Forward, IReadOnlyList<Tensor>> _broken;
    private readonly ConditionalWeakTable<Forward, List<Tensor>> _untaken = [];
    private readonly ModuleHook _hook;
    private readonly Lock _lock = new();
    private bool _isOver;

    /// <param name="forwards">The forwards.</param>
    /// <param name="norm">The normalization.</param>
    /// <param name="took">Takes what the normalization gave.</param>
    /// <param name="broken">Is called once, with the outputs of the forward that were not taken.</param>
    public FlowLink(
        ObservedForwards forwards, nn.Module norm, Action<Forward, Tensor> took, Action<Forward, IReadOnlyList<Tensor>> broken)
    {
        (_forwards, _took, _broken) = (forwards, took, broken);
        _hook = forwards.Observer.Listen(norm, forwards, this);
        forwards.Completed += Ended;
    }

    public bool IsAside => true;

    /// <summary>The layer has given an output.</summary>
    public void Gave(Forward forward, Tensor output)
    {
        lock (_lock)
            _untaken.GetOrCreateValue(forward).Add(output);
    }

    public void Fired(Forward forward, object? input, object? result)
    {
        bool isOwn;
        lock (_lock)
            isOwn = _untaken.TryGetValue(forward, out var outputs) && outputs.RemoveAll(output => ReferenceEquals(output, input)) > 0;
        if (!isOwn)
            Break(forward);
        else if (result is Tensor given)
            _took(forward, given);
    }

    public void Dispose()
    {
        _forwards.Completed -= Ended;
        _forwards.Observer.StopListening(_hook, _forwards, this);
    }

    private void Ended(Forward forward)
    {
        bool isWhole;
        lock (_lock)
            isWhole = !_untaken.TryGetValue(forward, out var outputs) || outputs.Count == 0;
        if (!isWhole)
            Break(forward);
    }

    private void Break(Forward forward)
    {
        IReadOnlyList<Tensor> untaken;
        lock (_lock)
        {
            if (_isOver)
                return;
            _isOver = true;
            untaken = _untaken.TryGetValue(forward, out var outputs) ? outputs : [];
        }

        Dispose();
        _broken(forward, untaken);
    }
}
