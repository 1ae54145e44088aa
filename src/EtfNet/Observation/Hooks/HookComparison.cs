using static TorchSharp.torch;

namespace EtfNet;

/// <summary>What passes before some hooks and after them, compared: whether they change anything.</summary>
internal sealed class HookComparison
{
    private HashSet<object> _hooks = [];
    private List<(Tensor Tensor, long? Version)> _before = [];
    private int _thread;
    private bool _wasSeen;
    private bool _change;

    /// <summary>Whether a hook may change what passes: it counts as changing until its group was seen to change nothing.</summary>
    public bool MayChange(object hook) => !_hooks.Contains(hook) || !_wasSeen || _change;

    public bool Covers(HashSet<object> hooks) => _hooks.SetEquals(hooks);

    /// <summary>Compares for these hooks from now on.</summary>
    public void Begin(HashSet<object> hooks) => (_hooks, _wasSeen, _change) = (hooks, false, false);

    public void First(object? values)
    {
        _before = Versions(values);
        _thread = Environment.CurrentManagedThreadId;
    }

    public void Last(object? values)
    {
        // Another thread may have come in between: then this call shows nothing.
        if (_thread != Environment.CurrentManagedThreadId)
            return;
        var after = Versions(values);
        // Where versions cannot be read, a tensor may have been written in place.
        _change |= after.Count != _before.Count || after.Zip(_before).Any(pair =>
            !ReferenceEquals(pair.First.Tensor, pair.Second.Tensor) || pair.First.Version is null
                || pair.First.Version != pair.Second.Version);
        (_wasSeen, _thread, _before) = (true, 0, []);
    }

    private static List<(Tensor Tensor, long? Version)> Versions(object? values) =>
        [.. TensorsOf.All(values).Select(tensor => (tensor, TensorVersion.Of(tensor)))];
}
