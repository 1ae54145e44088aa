using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Sees the forwards of a model: the only hooks that EtfNet keeps on it, shared by everything that listens.</summary>
/// <remarks>
/// <para>A forward is one call of the model, from the hook before it to the hook after it, on one thread. It counts where it begins in
/// training mode with gradients enabled. A layer that is called outside belongs to no forward, once the model was ever called so: a penalty
/// on one layer, a checkpointing function's second run. Only where the model is always used by its <c>forward</c>, which no hook sees, do
/// its layers open the forward: one begins when a layer fires, and the next when that layer fires again.</para>
/// <para>What is under way is kept by thread. A forward that throws never ends; the next one on its thread lets go of what it left.</para>
/// </remarks>
[SuppressMessage(
    "Design", "CA1001", Justification = "The thread-local value outlives the hooks, which other threads may still be running.")]
internal sealed class ForwardObserver
{
    private static readonly ConditionalWeakTable<nn.Module, ForwardObserver> Observers = [];

    // Never disposed: another thread may be inside a forward when the hooks go.
    private readonly ThreadLocal<ForwardCall?> _calls = new(trackAllValues: true);
    private readonly ObservedModules _modules;
    private readonly BoundHook? _before;
    private readonly RootCall? _rootCall;
    private ObservedForwards[] _parties = [];
    private volatile bool _modelIsCalled;

    private ForwardObserver(nn.Module model)
    {
        Model = model;
        Hooks = new UserHooks(model);
        StandIns = new StandIns(model);
        Silent = new SilentLayers(this);
        // First of all hooks: what is kept is the input before anybody's hook changed it.
        _before = HookBinder.Before(model, Enter)?.First();
        _rootCall = RootCall.Of(model);
        _modules = new ObservedModules(this);
        _modules.HookOn(model);
    }

    public nn.Module Model { get; }

    /// <summary>The hooks that the user put on the model's modules.</summary>
    public UserHooks Hooks { get; }

    /// <summary>What records layers that are called by <c>forward</c>.</summary>
    public StandIns StandIns { get; }

    /// <summary>The layers that were not seen to be called.</summary>
    public SilentLayers Silent { get; }

    /// <summary>
    /// Whether a call of the model has begun on this thread and not returned; a call that threw leaves this set until the next one.
    /// </summary>
    public bool InForward => _calls.Value is { Opener: null };

    /// <summary>
    /// Whether the model can be called again with what it was called with: it takes one to three tensors, and was called.
    /// </summary>
    public bool CanReplay => _rootCall is not null && _before is not null;

    /// <summary>Whether this thread is inside a replay.</summary>
    public bool IsReplaying => ReferenceEquals(Replaying, this);

    /// <summary>Whether the model itself, or any layer that somebody listens to, was ever called.</summary>
    public bool HasSeenAnything => _modelIsCalled || _modules.HaveFired;

    [field: ThreadStatic]
    private static ForwardObserver? Replaying { get; set; }

    /// <summary>The model's one observer, made where there is none.</summary>
    public static ForwardObserver Of(nn.Module model)
    {
        lock (Observers)
            return Observers.GetValue(model, static key => new ForwardObserver(key));
    }

    public void Join(ObservedForwards party)
    {
        lock (Observers)
            _parties = [.. _parties, party];
    }

    /// <summary>Removes a party; the hooks are removed with the last one.</summary>
    public void Quit(ObservedForwards party)
    {
        lock (Observers)
        {
            _parties = [.. _parties.Where(other => !ReferenceEquals(other, party))];
            _modules.Forget(party);
            if (_parties.Length > 0)
                return;
            Observers.Remove(Model);
        }

        foreach (var call in _calls.Values)
            call?.Abandon();
        _before?.Remove();
        _modules.HookOn(Model).Bound?.Remove();
        Hooks.Dispose();
        Silent.Forget();
        StandIns.Remove();
    }

    /// <summary>Listens to a module; the result says whether it has hooks at all, and whether it was ever called.</summary>
    public ModuleHook Listen(nn.Module module, ObservedForwards party, IModuleListener listener)
    {
        Silent.LookAgain();
        return _modules.Listen(module, party, listener);
    }

    public void StopListening(ModuleHook hook, ObservedForwards party, IModuleListener listener) =>
        _modules.StopListening(hook, party, listener);

    /// <summary>The forward that what a hook sees belongs to; null for none.</summary>
    public ForwardCall? CallFor(ModuleHook hook)
    {
        var call = _calls.Value;
        if (call is { Opener: null } || IsReplaying || _modelIsCalled)
            return call is { Opener: null } ? call : null;
        if (_parties.Any(party => party.Capturing is not null) || !Counts() || !hook.HasListeners)
            return null;
        if (call is { IsClosed: false } && !ReferenceEquals(call.Opener, hook))
            return call;
        return hook.IsNeeded ? Begin(new ForwardCall(true, [], hook)) : null;
    }

    /// <summary>Ends a call of the model.</summary>
    public void Leave(object? result)
    {
        if (_calls.Value is not { Opener: null } call)
        {
            foreach (var party in _parties)
                if (party.Capturing is { } capture)
                    party.Complete(capture, result);
            return;
        }

        if (call.Depth > 0)
        {
            call.Depth--;
            return;
        }

        _calls.Value = null;
        var inputs = call.Inputs;
        call.End();
        foreach (var (party, forward) in call.Forwards)
            party.Complete(forward, result);
        if (call.Counts)
            Silent.Keep(inputs);
    }

    /// <summary>Reports that nothing of the model can be seen.</summary>
    /// <exception cref="InvalidOperationException">A party cannot do without.</exception>
    public void NothingCanBeSeen(string obstacle)
    {
        foreach (var party in _parties)
            party.NothingCanBeSeen(obstacle);
    }

    /// <summary>The hooks that somebody needs.</summary>
    public IReadOnlyList<ModuleHook> Heard() => _modules.Heard();

    /// <summary>Hooks that were taken away, by the names of their modules; empty where all are there.</summary>
    public IReadOnlyList<string> MissingHooks() =>
        [.. _before is { IsThere: false } ? ["the model"] : Array.Empty<string>(), .. _modules.Missing()];

    /// <summary>
    /// Calls the model again with inputs that it was called with, copies of them, and leaves its result to the open dispose scope.
    /// </summary>
    /// <remarks>
    /// No forward counts meanwhile. Of the user's hooks, those that change what passes through a module run, as part of what the network
    /// computes; others, such as counters, see nothing (<see cref="UserHooks"/>). EtfNet's own hooks run next to the module's own function:
    /// before it the last, after it the first.
    /// </remarks>
    public object? Replay(Tensor?[] inputs)
    {
        var before = _calls.Value;
        var hidden = Hooks.HideThoseThatOnlyLook([_before?.Hook, .. _modules.Own()]);
        var outer = Replaying;
        Replaying = this;
        try
        {
            return _rootCall!.Invoke([.. inputs.Select(input => input?.clone())]);
        }
        finally
        {
            Replaying = outer;
            hidden.Dispose();
            _calls.Value = before;
        }
    }

    private void Enter(object?[] inputs)
    {
        if (_parties.Any(party => party.Capturing is not null))
        {
            foreach (var party in _parties)
                if (party.Capturing is { } capture)
                    party.BeginCapture(capture, inputs);
            _calls.Value = null;
            return;
        }

        if (_calls.Value is { } open)
        {
            if (open.Opener is null && IsInsideModel())
            {
                open.Depth++;
                return;
            }

            if (open.Opener is null)
                open.Abandon();
        }

        var counts = !IsReplaying && Counts();
        if (counts && !_modelIsCalled)
        {
            _modelIsCalled = true;
            foreach (var party in _parties)
                party.LetGoOfLayersOwn();
        }

        Begin(new ForwardCall(counts, inputs, null));
    }

    private ForwardCall Begin(ForwardCall call)
    {
        if (call.Counts)
            foreach (var party in _parties)
                party.Begin(call);
        return _calls.Value = call;
    }

    private bool Counts() => Model.training && is_grad_enabled();

    /// <summary>
    /// Whether the earlier call did not throw, but is still running and made this call. Looks at the stack: for the rare case only.
    /// </summary>
    private bool IsInsideModel()
    {
        var forward = Model.GetType().GetMethods().FirstOrDefault(
            method => method.Name == "forward" && method.DeclaringType is not null)?.DeclaringType;
        return new StackTrace().GetFrames().Any(
            frame => frame.GetMethod() is { Name: "forward", DeclaringType: { } type } && type == forward);
    }
}
