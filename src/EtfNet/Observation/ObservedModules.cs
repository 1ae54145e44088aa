using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The modules of a model that an observer has a hook on: the model itself, and those that somebody listens to.</summary>
internal sealed class ObservedModules(ForwardObserver observer)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<nn.Module, ModuleHook> _hooks = new(ReferenceEqualityComparer.Instance);

    /// <summary>Whether any of them was ever called.</summary>
    public bool HaveFired => _hooks.Values.Any(hook => hook.HasFired);

    /// <summary>The hook on a module, made where there is none.</summary>
    public ModuleHook HookOn(nn.Module module)
    {
        lock (_lock)
        {
            if (_hooks.TryGetValue(module, out var known))
                return known;
            var hook = new ModuleHook(observer, module);
            hook.Bind();
            return _hooks[module] = hook;
        }
    }

    public ModuleHook Listen(nn.Module module, ObservedForwards party, IModuleListener listener)
    {
        var hook = HookOn(module);
        hook.Add(party, listener);
        return hook;
    }

    public void StopListening(ModuleHook hook, ObservedForwards party, IModuleListener listener)
    {
        hook.Remove(other => ReferenceEquals(other, party), listener);
        Release(hook);
    }

    /// <summary>Removes a party's listeners.</summary>
    public void Forget(ObservedForwards party)
    {
        foreach (var hook in _hooks.Values.ToList())
        {
            hook.Remove(other => ReferenceEquals(other, party));
            Release(hook);
        }
    }

    /// <summary>The hooks that somebody needs, on modules that have hooks.</summary>
    public List<ModuleHook> Heard() => [.. _hooks.Values.Where(hook => hook is { IsNeeded: true, Bound: not null })];

    /// <summary>The hooks as they stand in the modules' tables.</summary>
    public IEnumerable<Delegate?> Own() => _hooks.Values.Select(hook => hook.Bound?.Hook);

    /// <summary>The names of modules whose hooks were taken away.</summary>
    public IEnumerable<string> Missing() =>
        from node in ModuleTree.Walk(observer.Model)
        where _hooks.GetValueOrDefault(node.Module) is { HasListeners: true, Bound.IsThere: false }
        select $"'{node.Path}'";

    private void Release(ModuleHook hook)
    {
        if (hook.HasListeners || ReferenceEquals(hook.Module, observer.Model))
            return;
        hook.Bound?.Remove();
        lock (_lock)
            _hooks.Remove(hook.Module);
    }
}
