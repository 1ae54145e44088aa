namespace EtfNet;

/// <summary>Finds the first thing that is not the same on all ranks.</summary>
/// <remarks>What most ranks have is taken as right; among equals, what the lowest rank has.</remarks>
internal static class AgreementDifference
{
    /// <param name="lists">The list of each rank; not all of them are the same.</param>
    /// <param name="what">What the entries are, in the plural.</param>
    public static CollectiveException Of(IReadOnlyList<IReadOnlyList<NamedFingerprint>> lists, string what)
    {
        var length = lists.Max(list => list.Count);
        for (var i = 0; i < length; i++)
        {
            var entries = lists.Select(list => i < list.Count ? list[i] : null).ToList();
            if (Groups(entries, entry => entry?.Name) is { Count: > 1 } byName)
                return Error(byName, what, found => found is null ? Invariant($"has {i} of them") : $"has '{found}' as {Ordinal(i)}");
            var name = entries[0]!.Name;
            if (Groups(entries, entry => entry!.Form) is { Count: > 1 } byForm)
                return Error(byForm, what, form => $"has '{name}' as {form}");
            if (Groups(entries, entry => entry!.Value) is { Count: > 1 } byValue)
                return Error(byValue, what, value => Invariant($"has '{name}' with hash {value:x16}"));
        }

        throw new ArgumentException("The lists do not differ.", nameof(lists));
    }

    private static CollectiveException Error<TKey>(List<(TKey Key, List<int> Ranks)> groups, string what, Func<TKey, string> says)
    {
        int[] others = [.. groups.Skip(1).SelectMany(group => group.Ranks).Order()];
        var words = groups.Select(group =>
            $"{RankNames.Of(group.Ranks)} {(group.Ranks.Count == 1 ? says(group.Key) : Plural(says(group.Key)))}");
        return new CollectiveException(
            CollectiveError.ValuesDiffer, others,
            $"The {what} are not the same on all ranks: {string.Join("; ", words)}. "
            + "All ranks must begin with the same model and change it by the same steps.");
    }

    /// <summary>The ranks of each value, the most ranks first.</summary>
    private static List<(TKey Key, List<int> Ranks)> Groups<TKey>(
        IReadOnlyList<NamedFingerprint?> entries, Func<NamedFingerprint?, TKey> key) =>
    [
        .. entries.Select((entry, rank) => (Key: key(entry), rank)).GroupBy(pair => pair.Key, pair => pair.rank)
            .Select(group => (group.Key, Ranks: group.ToList()))
            .OrderByDescending(group => group.Ranks.Count).ThenBy(group => group.Ranks[0]),
    ];

    private static string Plural(string says) => "have" + says["has".Length..];

    private static string Ordinal(int index) => Invariant($"number {index + 1}");

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
