namespace EtfNet;

/// <summary>The error of ranks that others waited for in vain.</summary>
internal static class CollectiveTimeout
{
    /// <param name="waiting">Who waited.</param>
    /// <param name="missing">Who did not come, as far as is known.</param>
    /// <param name="call">What they waited in.</param>
    /// <param name="timeout">How long.</param>
    public static CollectiveException Of(
        IReadOnlyList<int> waiting, IReadOnlyList<int> missing, CollectiveCall call, TimeSpan timeout) => new(
        CollectiveError.Timeout, missing,
        FormattableString.Invariant($"{RankNames.Capitalized(waiting)} waited {timeout.TotalSeconds:0.###} s in a {call} ")
        + (missing.Count == 0 ? "that did not end although all ranks came. " : $"for {RankNames.Of(missing)}. ")
        + "The rank hangs, is slower than that, or has ended; a longer timeout helps only if it is slow.");
}
