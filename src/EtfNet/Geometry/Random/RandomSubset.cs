namespace EtfNet;

/// <summary>Draws without repetition.</summary>
internal static class RandomSubset
{
    /// <summary>So many of the numbers below <paramref name="all"/>, each set of them equally likely, in order (Floyd; Bentley, CACM 30,
    /// 1987).</summary>
    public static long[] Draw(long all, long count, CounterRandom random)
    {
        var drawn = new HashSet<long>();
        for (var next = all - count; next < all; next++)
            if (count == all || !drawn.Add(random.NextBelow(next + 1)))
                drawn.Add(next);
        return [.. drawn.Order()];
    }
}
