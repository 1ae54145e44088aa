namespace EtfNet;

/// <content>Merging, saving and loading. What is saved, and how it merges, is declared in <see cref="MonitorState"/>.</content>
public sealed partial class NccMonitor : ICustomState
{
    /// <summary>Adds the statistics and scores of another monitor's current epoch, layer by layer. Its centers and its waiting forwards are
    /// not added.</summary>
    /// <param name="other">A monitor of the same layers, for example of another worker's copy of the model. It is not changed.</param>
    /// <exception cref="ArgumentNullException"><paramref name="other"/> is null.</exception>
    /// <exception cref="ArgumentException">It is this monitor, or its layers, their widths or the metrics gathered differ; nothing
    /// changes.</exception>
    /// <exception cref="ObjectDisposedException">One of the monitors is disposed.</exception>
    public void Merge(NccMonitor other)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(other);
        ObjectDisposedException.ThrowIf(other._disposed, other);
        if (ReferenceEquals(other, this))
            throw new ArgumentException("A monitor cannot be merged with itself.", nameof(other));
        other._state.Flush();
        Merge(other._state, nameof(other));
    }

    /// <summary>Adds the statistics and scores of the current epoch of another process's monitor, as its <see cref="Save(Stream)"/> wrote
    /// them.</summary>
    /// <param name="state">Readable; it need not seek, and stays open.</param>
    /// <exception cref="ArgumentNullException"><paramref name="state"/> is null.</exception>
    /// <exception cref="ArgumentException">Layers, their widths or the metrics gathered differ; nothing changes.</exception>
    /// <exception cref="EtfStateException">The stream holds no saved monitor, or one that is damaged or of a newer version; nothing
    /// changes.</exception>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public void Merge(Stream state)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(state);
        var saved = StateKind.Require(SafetensorsReader.Read(state), StateKind.Monitor);
        Merge(DeclaredState.Read<MonitorState>(saved, Create), nameof(state));
    }

    /// <summary>Saves the whole state as a safetensors file: the current epoch's statistics and scores, and the centers. Forwards that wait
    /// for labels are not saved.</summary>
    /// <param name="path">The file; an existing file is replaced as a whole.</param>
    /// <exception cref="ArgumentNullException"><paramref name="path"/> is null.</exception>
    /// <exception cref="IOException">The file cannot be written; an older one is untouched.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written; an older one is untouched.</exception>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public void Save(string path)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(path);
        SafetensorsWriter.Write(path, Capture());
    }

    /// <summary>Writes what <see cref="Save(string)"/> saves to a stream.</summary>
    /// <param name="stream">Writable; it need not seek, and stays open.</param>
    /// <exception cref="ArgumentNullException"><paramref name="stream"/> is null.</exception>
    /// <exception cref="IOException">The stream cannot be written.</exception>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public void Save(Stream stream)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(stream);
        SafetensorsWriter.Write(stream, Capture());
    }

    /// <summary>Replaces the current state with one that <see cref="Save(string)"/> saved. Waiting forwards are discarded.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ArgumentNullException"><paramref name="path"/> is null.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read, or is a folder.</exception>
    /// <exception cref="EtfStateException">The file holds no saved monitor, or one that is damaged, of other layers or of a newer version;
    /// nothing changes.</exception>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public void Load(string path)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(path);
        Load(SafetensorsReader.Read(path));
    }

    /// <summary>Replaces the current state with one that <see cref="Save(Stream)"/> wrote, as <see cref="Load(string)"/> does from a
    /// file.</summary>
    /// <param name="stream">Readable; it need not seek. It stays open, positioned after the last byte of the state.</param>
    /// <exception cref="ArgumentNullException"><paramref name="stream"/> is null.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    /// <exception cref="EtfStateException">The stream holds no saved monitor, or one that is damaged, of other layers or of a newer
    /// version; nothing changes.</exception>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public void Load(Stream stream)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(stream);
        Load(SafetensorsReader.Read(stream));
    }

    void ICustomState.Capture(StateSet to, string name)
    {
        _state.Flush();
        StateDeclaration.Of(typeof(MonitorState)).Capture(_state, to, name);
    }

    void ICustomState.Read(StateReader from, string name)
    {
        from.Later(Reset);
        from.Later(_state.Clear);
        StateDeclaration.Of(typeof(MonitorState)).Read(_state, from, name);
        from.Later(() =>
        {
            foreach (var state in _state.Layers.Values)
                state.MakeCenters();
            _state.Heads.Continue(_taps.GetValueOrDefault);
            foreach (var tap in _taps.Values)
                tap.Continue(_state.Layers[tap.Name].HasLostItsNorm);
        });
    }

    /// <summary>Makes the objects that a saved state is read into; null for those that need nothing of this monitor.</summary>
    internal object? Create(Type type) =>
        type == typeof(LayerState) ? new LayerState(_options) : type == typeof(MonitorState) ? new MonitorState(null, null) : null;

    internal StateSet Capture()
    {
        var state = new StateSet(StateKind.Monitor);
        ((ICustomState)this).Capture(state, "");
        return state;
    }

    internal void Load(StateSet state)
    {
        var reader = new StateReader(StateKind.Require(state, StateKind.Monitor), Create);
        ((ICustomState)this).Read(reader, "");
        reader.Finish();
    }

    private void Merge(MonitorState other, string parameter)
    {
        _state.Flush();
        if (!_state.Layers.Keys.Intersect(other.Layers.Keys).Any())
            throw new ArgumentException(
                $"The monitors have no layer in common: {string.Join(", ", other.Layers.Keys)} there, "
                + $"{string.Join(", ", _state.Layers.Keys)} here.", parameter);
        DeclaredState.RequireMergeable(_state, other, parameter);
        foreach (var name in other.Order.Names.Except(_state.Order.Names).ToList())
            AddState(name);
        DeclaredState.Merge(_state, other, parameter);
    }
}
