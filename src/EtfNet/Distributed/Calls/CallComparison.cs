namespace EtfNet;

/// <summary>Puts in words how the calls of the ranks differ.</summary>
internal static class CallComparison
{
    /// <param name="calls">The call of each rank; not all of them are the same.</param>
    public static CollectiveException Difference(IReadOnlyList<CollectiveCall> calls)
    {
        var left = Ranks(calls, call => call.Kind == CallKind.Leave);
        var groups = calls.Select((call, rank) => (call, rank)).Where(entry => entry.call.Kind != CallKind.Leave)
            .GroupBy(entry => entry.call, entry => entry.rank).Select(group => (Call: group.Key, Ranks: group.ToList())).ToList();
        var waiting = string.Join("; ", groups.Select(group => $"{RankNames.Of(group.Ranks)}: {group.Call}"));
        if (left.Count > 0)
            return new CollectiveException(
                CollectiveError.RankLeft, left,
                $"{RankNames.Capitalized(left)} left the group while others are in a call ({waiting}). "
                + "Give all ranks the same number of batches, or see which error ended the rank.");

        // The largest group is taken as right, the one of the lowest rank among equals.
        var usual = groups.MaxBy(group => group.Ranks.Count).Call;
        return new CollectiveException(
            CollectiveError.CallsDiffer, Ranks(calls, call => call != usual),
            $"The ranks made different calls ({waiting}). "
            + "All ranks must make the same calls in the same order, and see the same number of batches.");
    }

    private static List<int> Ranks(IReadOnlyList<CollectiveCall> calls, Func<CollectiveCall, bool> condition) =>
        [.. Enumerable.Range(0, calls.Count).Where(rank => condition(calls[rank]))];
}
