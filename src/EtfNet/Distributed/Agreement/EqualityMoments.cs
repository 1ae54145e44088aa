namespace EtfNet;

/// <summary>Tells from a sum over the ranks whether all had the same 64 bits.</summary>
/// <remarks>
/// n times the sum of squares equals the square of the sum only where all numbers are equal. Four numbers of 16 bits with their squares are
/// exact in float64 for up to two million ranks.
/// </remarks>
internal static class EqualityMoments
{
    public const int Length = 2 * Parts;

    private const int Parts = 4;

    public static void Write(ulong value, Span<double> target)
    {
        for (var i = 0; i < Parts; i++)
        {
            var part = (double)(ushort)(value >> (16 * i));
            (target[2 * i], target[(2 * i) + 1]) = (part, part * part);
        }
    }

    /// <param name="sums">The sums over all ranks of what <see cref="Write"/> wrote.</param>
    /// <param name="size">The number of ranks.</param>
    public static bool AreEqual(ReadOnlySpan<double> sums, int size)
    {
        for (var i = 0; i < Parts; i++)
        {
            var (sum, squares) = ((UInt128)sums[2 * i], (UInt128)sums[(2 * i) + 1]);
            if ((UInt128)(uint)size * squares != sum * sum)
                return false;
        }

        return true;
    }
}
