namespace EtfNet;

/// <summary>The error of a rank that others learn of.</summary>
internal static class RankFailure
{
    public static CollectiveException Of(int rank, Exception exception) => new(
        CollectiveError.RankFailed, [rank], $"Rank {rank} failed: {exception.GetType().FullName}: {exception.Message}", exception);
}
