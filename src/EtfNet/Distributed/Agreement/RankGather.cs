namespace EtfNet;

/// <summary>Brings bytes of every rank to all of them. One broadcast per rank: for errors, and for what is small.</summary>
internal static class RankGather
{
    public static byte[][] All(ICollective collective, byte[] own, string purpose)
    {
        var lengths = new double[collective.Size];
        lengths[collective.Rank] = own.Length;
        collective.Sum(lengths, purpose);
        var all = new byte[collective.Size][];
        for (var rank = 0; rank < all.Length; rank++)
        {
            all[rank] = rank == collective.Rank ? own : new byte[(int)lengths[rank]];
            collective.Broadcast(all[rank], rank, purpose);
        }

        return all;
    }
}
