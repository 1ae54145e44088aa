namespace EtfNet;

/// <summary>A state at one moment: tensors and texts by name. What a file holds, what a snapshot keeps, and what stateful types are
/// captured into.</summary>
/// <param name="kind">What it is a state of: <c>model</c>, <c>frame</c>, <c>statistics</c> and so on; null in files of other
/// programs.</param>
internal sealed class StateSet(string? kind)
{
    private readonly Dictionary<string, StateTensor> _tensors = [];
    private readonly Dictionary<string, string> _texts = [];

    public string? Kind { get; } = kind;

    /// <summary>The file that it was read from, for messages.</summary>
    public string? FileName { get; init; }

    public IReadOnlyDictionary<string, StateTensor> Tensors => _tensors;

    /// <summary>All that is no tensor: the metadata of a file, except for the format's own entries.</summary>
    public IReadOnlyDictionary<string, string> Texts => _texts;

    /// <summary>The bytes of all tensors and texts.</summary>
    public long ByteCount =>
        _tensors.Values.Sum(tensor => tensor.ByteCount) + _texts.Values.Sum(text => (long)System.Text.Encoding.UTF8.GetByteCount(text));

    /// <exception cref="InvalidOperationException">The name is taken.</exception>
    public void Add(string name, StateTensor tensor)
    {
        if (!_tensors.TryAdd(name, tensor))
            throw new InvalidOperationException($"Two tensors of a state are called {EntryName.Quote(name)}.");
    }

    /// <exception cref="InvalidOperationException">The name is taken.</exception>
    public void Add(string name, string text)
    {
        if (!_texts.TryAdd(name, text))
            throw new InvalidOperationException($"Two entries of a state are called {EntryName.Quote(name)}.");
    }

    /// <summary>A copy in managed memory that no longer follows its sources.</summary>
    public StateSet Hold()
    {
        var copy = new StateSet(Kind) { FileName = FileName };
        foreach (var (name, tensor) in _tensors)
            copy.Add(name, tensor.Hold());
        foreach (var (name, text) in _texts)
            copy.Add(name, text);
        return copy;
    }

    /// <summary>An error that names this state's file.</summary>
    public EtfStateException Error(string? entry, string problem, string remedy, Exception? inner = null) =>
        new(FileName, entry, problem, remedy, inner);
}
