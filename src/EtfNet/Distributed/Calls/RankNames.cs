using System.Globalization;

namespace EtfNet;

/// <summary>Ranks in messages.</summary>
internal static class RankNames
{
    private const int Shown = 8;

    /// <summary>"rank 3", "ranks 0, 1 and 5", "ranks 0, 1, 2, 3, 4, 5, 6, 7 and 12 more"; "no rank" for none.</summary>
    public static string Of(IReadOnlyList<int> ranks)
    {
        if (ranks.Count == 0)
            return "no rank";
        if (ranks.Count == 1)
            return string.Create(CultureInfo.InvariantCulture, $"rank {ranks[0]}");
        var (shown, last) = ranks.Count > Shown
            ? (ranks.Take(Shown), string.Create(CultureInfo.InvariantCulture, $"{ranks.Count - Shown} more"))
            : (ranks.SkipLast(1), ranks[^1].ToString(CultureInfo.InvariantCulture));
        return $"ranks {string.Join(", ", shown)} and {last}";
    }

    public static string Capitalized(IReadOnlyList<int> ranks) => Of(ranks) is var name ? char.ToUpperInvariant(name[0]) + name[1..] : "";
}
