namespace EtfNet;

/// <summary>
/// The layers in forward order: as registered until a forward shows the order of calls, features given by hand behind the layer that they
/// name.
/// </summary>
internal sealed class LayerOrder
{
    private readonly List<string> _names = [];
    private readonly HashSet<string> _unplaced = [];
    private bool _isFinal;

    public IReadOnlyList<string> Names => _names;

    /// <summary>The names without a place, in order.</summary>
    public IEnumerable<string> Unplaced => _names.Where(_unplaced.Contains);

    /// <summary>Whether a name stands where forwards, or the user, have put it.</summary>
    public bool IsPlaced(string name) => !_unplaced.Contains(name);

    /// <summary>Adds a name.</summary>
    /// <param name="name">It.</param>
    /// <param name="before">What it stands before; null for nothing.</param>
    /// <param name="after">What it stands right behind; null for nothing.</param>
    public void Add(string name, string? before = null, string? after = null)
    {
        var index = before is not null ? _names.IndexOf(before) : after is not null ? _names.IndexOf(after) + 1 : _names.Count;
        _names.Insert(index, name);
    }

    /// <summary>Forgets a name.</summary>
    public void Remove(string name)
    {
        _names.Remove(name);
        _unplaced.Remove(name);
    }

    /// <summary>Adds the name of features that were given by hand, without a place.</summary>
    public void AddUnplaced(string name)
    {
        _names.Add(name);
        _unplaced.Add(name);
    }

    /// <summary>
    /// The first forward shows in which order layers are called; those not called keep their place after the one registered before them.
    /// </summary>
    public void Settle(IReadOnlyList<string> called)
    {
        if (_isFinal || called.Count == 0)
            return;
        _isFinal = true;
        var places = called.Distinct().ToList();
        var keys = new Dictionary<string, int>();
        var last = -1;
        foreach (var name in _names)
            keys[name] = _unplaced.Contains(name) ? int.MaxValue : last = places.IndexOf(name) is var index and >= 0 ? index : last;
        var sorted = _names.OrderBy(name => keys[name]).ToList();
        _names.Clear();
        _names.AddRange(sorted);
    }

    /// <summary>Takes another order.</summary>
    public void Replace(IReadOnlyCollection<string> names)
    {
        _names.Clear();
        _names.AddRange(names);
    }

    /// <summary>Says which names have no place.</summary>
    public void ReplaceUnplaced(IEnumerable<string> names)
    {
        _unplaced.Clear();
        _unplaced.UnionWith(names.Intersect(_names));
    }
}
