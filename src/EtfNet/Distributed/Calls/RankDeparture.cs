namespace EtfNet;

/// <summary>The error of ranks that make no more calls.</summary>
internal static class RankDeparture
{
    public static CollectiveException Of(IReadOnlyList<int> ranks) => new(
        CollectiveError.RankLeft, ranks,
        $"{RankNames.Capitalized(ranks)} left the group while others are in a call. "
        + "Give all ranks the same number of batches, or see which error ended the rank.");
}
