using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The one hook that an observer has on a module, shared by all that listen.</summary>
internal sealed class ModuleHook(ForwardObserver observer, nn.Module module)
{
    private (ObservedForwards Party, IModuleListener Listener)[] _listeners = [];

    public nn.Module Module => module;

    /// <summary>The hook in the module's table; null where modules of its kind have none.</summary>
    public BoundHook? Bound { get; private set; }

    /// <summary>Whether it ever fired, in whatever mode, but not in a trial of stand-ins.</summary>
    public bool HasFired { get; private set; }

    public bool HasListeners => _listeners.Length > 0;

    /// <summary>Whether anybody needs the module's calls, and does not only accompany others.</summary>
    public bool IsNeeded => Array.Exists(_listeners, entry => !entry.Listener.IsAside);

    public void Bind() => Bound = HookBinder.After(module, After);

    // Lists are exchanged, not changed: another thread may be inside a forward.
    public void Add(ObservedForwards party, IModuleListener listener) => _listeners = [.. _listeners, (party, listener)];

    public void Remove(Predicate<ObservedForwards> ofParty, IModuleListener? listener = null) =>
        _listeners =
        [
            .. _listeners.Where(entry => !ofParty(entry.Party) || (listener is not null && !ReferenceEquals(entry.Listener, listener))),
        ];

    private void After(object? input, object? result)
    {
        HasFired = HasFired || !observer.Silent.IsTrying;
        var call = observer.CallFor(this);
        foreach (var (party, listener) in _listeners)
            if ((party.Capturing ?? call?.Of(party)) is { } forward)
                listener.Fired(forward, input, result);
        if (ReferenceEquals(module, observer.Model))
            observer.Leave(result);
    }
}
