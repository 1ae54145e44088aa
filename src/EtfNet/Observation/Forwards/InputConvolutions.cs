using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Learns which convolutions see the model's inputs: those that take one of them, or a view; where none does, the one that is
/// called first. Each convolution is followed to the end of the epoch in which it is called.</summary>
internal sealed class InputConvolutions : IDisposable
{
    private readonly ObservedForwards _forwards;
    private readonly List<Listener> _listeners = [];
    private readonly HashSet<nn.Module> _found = new(ReferenceEqualityComparer.Instance);
    private HashSet<IntPtr> _inputs = [];
    private Forward? _forward;
    private nn.Module? _first;
    private bool _hasNews;

    /// <param name="forwards">The forwards.</param>
    /// <param name="model">The model.</param>
    public InputConvolutions(ObservedForwards forwards, nn.Module model)
    {
        _forwards = forwards;
        forwards.InputsCame += Begin;
        foreach (var node in ModuleTree.Walk(model).Where(node => node.Module is Convolution or SimplexEtfConvolution))
        {
            var listener = new Listener(this, node.Module);
            listener.Hook = forwards.Observer.Listen(node.Module, forwards, listener);
            _listeners.Add(listener);
        }
    }

    /// <summary>What the forwards have shown, at the end of an epoch; null where that is nothing new.</summary>
    public IReadOnlySet<nn.Module>? TakeNews()
    {
        foreach (var seen in _listeners.FindAll(listener => listener.HasFired))
            StopListening(seen);
        if (!_hasNews)
            return null;
        _hasNews = false;
        return _found.Count > 0 ? _found : new HashSet<nn.Module>(ReferenceEqualityComparer.Instance) { _first! };
    }

    public void Dispose()
    {
        _forwards.InputsCame -= Begin;
        _listeners.ToList().ForEach(StopListening);
    }

    private void Begin(Forward forward, object?[] inputs)
    {
        if (_listeners.Count == 0)
            return;
        _forward = forward;
        _inputs = [.. inputs.SelectMany(TensorsOf.All).Select(TensorStorage.Address).Where(address => address != IntPtr.Zero)];
    }

    private void StopListening(Listener listener)
    {
        _forwards.Observer.StopListening(listener.Hook!, _forwards, listener);
        _listeners.Remove(listener);
    }

    private void See(nn.Module module, Forward forward, object? input)
    {
        _hasNews |= _first is null;
        _first ??= module;
        if (input is Tensor taken && ReferenceEquals(forward, _forward) && _inputs.Contains(TensorStorage.Address(taken)))
            _hasNews |= _found.Add(module);
    }

    private sealed class Listener(InputConvolutions owner, nn.Module module) : IModuleListener
    {
        public ModuleHook? Hook { get; set; }

        public bool HasFired { get; private set; }

        public bool IsAside => true;

        public void Fired(Forward forward, object? input, object? result)
        {
            HasFired = true;
            owner.See(module, forward, input);
        }
    }
}
