namespace EtfNet;

/// <summary>Lays tensors one behind the other and cuts them into buckets of one size; a large tensor spans several.</summary>
internal static class BucketPlan
{
    /// <param name="tensors">The index and length of each tensor.</param>
    /// <param name="capacity">How many values a bucket holds, at least 1.</param>
    public static IReadOnlyList<IReadOnlyList<BucketPiece>> Cut(IEnumerable<(int Tensor, long Length)> tensors, long capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        var buckets = new List<List<BucketPiece>>();
        var room = 0L;
        foreach (var (tensor, length) in tensors)
            for (long start = 0; start < length;)
            {
                if (room == 0)
                {
                    buckets.Add([]);
                    room = capacity;
                }

                var piece = new BucketPiece(tensor, start, Math.Min(room, length - start));
                buckets[^1].Add(piece);
                start += piece.Length;
                room -= piece.Length;
            }

        return buckets;
    }
}
