namespace EtfNet;

/// <summary>Reads a state in two steps: first everything is looked at and checked, then all changes are made.</summary>
/// <param name="state">What was saved.</param>
/// <param name="create">Makes empty objects for nested states that are not there yet; null: by their constructor without
/// parameters.</param>
internal sealed class StateReader(StateSet state, Func<Type, object?>? create = null)
{
    private readonly HashSet<string> _used = [];
    private readonly List<Action> _later = [];

    public StateSet State => state;

    /// <summary>An entry of the metadata; null where there is none.</summary>
    public string? FindText(string name) => state.Texts.GetValueOrDefault(name);

    /// <summary>A tensor; null where there is none.</summary>
    public HeldTensor? FindTensor(string name)
    {
        if (!state.Tensors.TryGetValue(name, out var tensor))
            return null;
        _used.Add(name);
        return tensor.Hold();
    }

    /// <summary>The names of all tensors that begin with a part.</summary>
    /// <param name="first">The part, without the dot that follows it; empty for all tensors.</param>
    public IEnumerable<string> TensorsOf(string first) => state.Tensors.Keys
        .Where(name => first.Length == 0 || name.StartsWith(first + ".", StringComparison.Ordinal));

    /// <summary>Passes over tensors that are not wanted here.</summary>
    /// <param name="first">What their names begin with, as in <see cref="TensorsOf"/>.</param>
    public void Pass(string first) => _used.UnionWith(TensorsOf(first));

    /// <summary>Queues a change, which may not fail.</summary>
    public void Later(Action change) => _later.Add(change);

    public object Create(Type type) => create?.Invoke(type) ?? Activator.CreateInstance(type, nonPublic: true)!;

    /// <summary>Makes all changes.</summary>
    /// <exception cref="EtfStateException">A tensor was not asked for; nothing was changed.</exception>
    public void Finish()
    {
        if (state.Tensors.Keys.FirstOrDefault(name => !_used.Contains(name)) is { } unknown)
            throw state.Error(
                unknown, "nothing here has a tensor of this name",
                "It was saved by another program or version, or from something else.");
        foreach (var change in _later)
            change();
    }

    public EtfStateException Missing(string name) =>
        state.Error(name, "it is missing", "The state was saved by another program or version, or from something else.");

    public EtfStateException Wrong(string name, string problem, Exception? inner = null) =>
        state.Error(name, problem, "The state is damaged, or was changed by another program: take another copy.", inner);
}
