using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Learns which convolutions see the model's inputs: those that take one of them, or a view; where none does, the one that is
/// called first.</summary>
internal sealed class InputConvolutions : IForwardSubscriber, IDisposable
{
    private readonly ObservedForwards _forwards;
    private readonly List<Listener> _listeners = [];
    private readonly HashSet<nn.Module> _found = new(ReferenceEqualityComparer.Instance);
    private HashSet<IntPtr> _inputs = [];
    private nn.Module? _first;

    /// <param name="forwards">The forwards.</param>
    /// <param name="model">The model.</param>
    public InputConvolutions(ObservedForwards forwards, nn.Module model)
    {
        _forwards = forwards;
        forwards.Subscribe(this);
        foreach (var node in ModuleTree.Walk(model).Where(node => node.Module is Convolution or SimplexEtfConvolution))
        {
            var listener = new Listener(this, node.Module);
            listener.Hook = forwards.Observer.Listen(node.Module, forwards, listener);
            _listeners.Add(listener);
        }
    }

    /// <summary>What the forwards so far have shown; null where no convolution was called.</summary>
    public IReadOnlySet<nn.Module>? Found => _found.Count > 0 ? _found
        : _first is null ? null : new HashSet<nn.Module>(ReferenceEqualityComparer.Instance) { _first };

    public void Begun(Forward forward, object?[] inputs) =>
        _inputs = [.. inputs.SelectMany(TensorsOf.All).Select(TensorStorage.Address).Where(address => address != IntPtr.Zero)];

    public void Labeled(Forward forward, Tensor labels)
    {
    }

    public void LetGo(Forward forward, bool isDuplicate)
    {
    }

    public void Dispose()
    {
        _forwards.Unsubscribe(this);
        foreach (var listener in _listeners)
            _forwards.Observer.StopListening(listener.Hook!, _forwards, listener);
        _listeners.Clear();
    }

    private sealed class Listener(InputConvolutions owner, nn.Module module) : IModuleListener
    {
        public ModuleHook? Hook { get; set; }

        public void Fired(Forward forward, object? input, object? result)
        {
            owner._first ??= module;
            if (input is Tensor taken && owner._inputs.Contains(TensorStorage.Address(taken)))
                owner._found.Add(module);
        }
    }
}
