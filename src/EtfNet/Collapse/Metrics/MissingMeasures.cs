using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace EtfNet;

/// <summary>
/// The requested measures that have no number, by name, each with the reason. Names are those of JSON and CSV and are not case-sensitive;
/// two objects are equal if their entries are equal.
/// </summary>
[SuppressMessage("Naming", "CA1710", Justification = "The name says what it holds.")]
public sealed class MissingMeasures : IReadOnlyDictionary<string, string>, IEquatable<MissingMeasures>
{
    private readonly SortedDictionary<string, string> _reasons = new(StringComparer.OrdinalIgnoreCase);

    internal MissingMeasures()
    {
    }

    /// <summary>Gets the reason why a measure is missing.</summary>
    /// <param name="key">The name, as in <c>cdnv</c>.</param>
    /// <exception cref="KeyNotFoundException">The measure is not missing, or was not requested.</exception>
    public string this[string key] => _reasons[key];

    /// <summary>Gets the names of the missing measures, in alphabetical order.</summary>
    public IEnumerable<string> Keys => _reasons.Keys;

    /// <summary>Gets the reasons, in the order of <see cref="Keys"/>.</summary>
    public IEnumerable<string> Values => _reasons.Values;

    /// <summary>Gets the number of missing measures.</summary>
    public int Count => _reasons.Count;

    /// <inheritdoc/>
    public bool ContainsKey(string key) => _reasons.ContainsKey(key);

    /// <inheritdoc/>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out string value) => _reasons.TryGetValue(key, out value);

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, string>> GetEnumerator() => _reasons.GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(MissingMeasures? other) => other is not null && _reasons.SequenceEqual(other._reasons);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as MissingMeasures);

    /// <inheritdoc/>
    public override int GetHashCode() => _reasons.Aggregate(0, HashCode.Combine);

    /// <summary>One line per reason, with the measures that it applies to.</summary>
    public override string ToString() =>
        string.Join(Environment.NewLine, _reasons.GroupBy(entry => entry.Value, entry => entry.Key).Select(Line));

    internal void Add(string reason, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            _reasons[name] = reason;
    }

    private static string Line(IGrouping<string, string> names) => $"{string.Join(", ", names)}: {names.Key}";
}
