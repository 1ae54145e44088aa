namespace EtfNet;

/// <summary>What was read for the members of one state, before it is taken.</summary>
internal sealed class StateValues
{
    private readonly Dictionary<string, object?> _values = [];

    /// <summary>The value of a member, by the member's name in code.</summary>
    public T Get<T>(string member) => (T)_values[member]!;

    public object? Find(string member) => _values.GetValueOrDefault(member);

    public void Add(string member, object? value) => _values.Add(member, value);
}
