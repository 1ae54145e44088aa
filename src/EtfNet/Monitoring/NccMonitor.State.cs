namespace EtfNet;

public sealed partial class NccMonitor
{
    /// <summary>Adds what another monitor gathered in its running epoch: statistics and scores, layer by layer. Its centers and its waiting forwards are not taken.</summary>
    /// <param name="other">A monitor of the same layers, say of another worker's copy of the model; it stays as it is.</param>
    /// <exception cref="ArgumentNullException"><paramref name="other"/> is null.</exception>
    /// <exception cref="ArgumentException">It is this monitor, or its layers, their widths or the metrics gathered differ; nothing changes.</exception>
    /// <exception cref="ObjectDisposedException">One of the monitors is disposed.</exception>
    public void Merge(NccMonitor other)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(other);
        ObjectDisposedException.ThrowIf(other._disposed, other);
        if (ReferenceEquals(other, this))
            throw new ArgumentException("A monitor cannot be merged with itself.", nameof(other));
        other.Flush();
        Merge(other._states, other._forwards.Unlabeled, nameof(other));
    }

    /// <summary>Adds what another process's monitor gathered in its running epoch, from the bytes of its <see cref="Save"/>.</summary>
    /// <param name="state">Gives the bytes; stays open.</param>
    /// <exception cref="ArgumentNullException"><paramref name="state"/> is null.</exception>
    /// <exception cref="ArgumentException">Layers, their widths or the metrics gathered differ; nothing changes.</exception>
    /// <exception cref="InvalidDataException">The bytes are no saved monitor, of a newer version, cut short or damaged; nothing changes.</exception>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public void Merge(Stream state)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(state);
        var file = MonitorFile.Load(state, _options);
        Merge(file.Layers.ToDictionary(layer => layer.Name, layer => layer.State), file.Unlabeled, nameof(state));
    }

    /// <summary>Writes all that is known: the running epoch's statistics and scores, and the centers. Forwards that wait for labels are not.</summary>
    /// <param name="stream">Takes the bytes; stays open.</param>
    /// <exception cref="ArgumentNullException"><paramref name="stream"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public void Save(Stream stream)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(stream);
        Flush();
        var layers = _order.Names.Select(
            name => new MonitorFile.Entry(name, _taps.ContainsKey(name), _order.IsPlaced(name), _states[name]));
        var heads = _forwards.Heads.Inputs.Select(head => (head.Key, head.Value, _forwards.Heads.Widths[head.Key]));
        new MonitorFile(_epoch, _forwards.Unlabeled, [.. heads], [.. layers]).Save(stream);
    }

    /// <summary>Goes on from what <see cref="Save"/> wrote, instead of what is known so far; forwards that wait are let go.</summary>
    /// <param name="stream">Gives the bytes; stays open.</param>
    /// <exception cref="ArgumentNullException"><paramref name="stream"/> is null.</exception>
    /// <exception cref="ArgumentException">The watched layers differ; nothing changes.</exception>
    /// <exception cref="InvalidDataException">The bytes are no saved monitor, of a newer version, cut short or damaged; nothing changes.</exception>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public void Load(Stream stream)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(stream);
        Take(Read(stream));
    }

    /// <summary>Reads what <see cref="Save"/> wrote, and changes nothing; the exceptions are those of <see cref="Load"/>.</summary>
    internal MonitorFile Read(Stream stream)
    {
        var file = MonitorFile.Load(stream, _options);
        var saved = file.Layers.Where(layer => layer.IsWatched).Select(layer => layer.Name).ToList();
        var missing = _taps.Keys.Except(saved).ToList();
        var unknown = saved.Except(_taps.Keys).ToList();
        if (missing.Count + unknown.Count > 0)
            throw new ArgumentException(
                $"The saved monitor watched other layers: {string.Join(", ", missing.Select(name => "no " + name).Concat(unknown))}.", nameof(stream));
        return file;
    }

    /// <summary>Goes on from what <see cref="Read"/> gave.</summary>
    internal void Take(MonitorFile file)
    {
        Reset();
        foreach (var state in _states.Values)
            state.Dispose();
        _states.Clear();
        foreach (var layer in file.Layers)
        {
            _states.Add(layer.Name, layer.State);
            layer.State.MakeCenters();
        }

        _order.Replace(file.Layers.Select(layer => (layer.Name, layer.IsPlaced)));
        _forwards.Heads.Restore(file.Heads, _taps.GetValueOrDefault);
        _epoch = file.Epoch;
        _forwards.Unlabeled = file.Unlabeled;
    }

    private void Flush()
    {
        foreach (var state in _states.Values)
            state.Flush();
    }

    private void Merge(Dictionary<string, LayerState> other, long unlabeled, string parameter)
    {
        Flush();
        MonitorMerge.Merge(_states, other, name => AddState(name), parameter);
        _forwards.Unlabeled += unlabeled;
    }
}
