namespace EtfNet;

/// <summary>
/// A structured random rotation of R^n. Where n = a b with a and b near sqrt(n): the Kronecker product of two Haar matrices, A and B. Signs
/// and
/// permutations of either index would change nothing: Haar's measure has them already. Other widths (primes): one such block on the first
/// coordinates, a random permutation, and one on the last coordinates; the two overlap.
/// </summary>
internal sealed class KroneckerOrthogonal
{
    /// <summary>Below this width one Haar matrix does.</summary>
    private const int SmallWidth = 16;

    private KroneckerOrthogonal(int width, IReadOnlyList<KroneckerBlock> blocks, int[]? permutation) =>
        (Width, Blocks, Permutation) = (width, blocks, permutation);

    public int Width { get; }

    /// <summary>One block over the whole width, or two: on the first and on the last coordinates.</summary>
    public IReadOnlyList<KroneckerBlock> Blocks { get; }

    /// <summary>Between the two blocks: the coordinate that each place takes.</summary>
    public int[]? Permutation { get; }

    public static KroneckerOrthogonal Create(long space, long seed)
    {
        var width = checked((int)space);
        var (left, right) = SplitExactly(width);
        var (a, b) = SplitNearly(width);
        if (width < SmallWidth || left + right <= 2 * (a + b))
            return new KroneckerOrthogonal(width,
                [KroneckerBlock.Create(0, width < SmallWidth ? 1 : left, width < SmallWidth ? width : right, seed, 0)], null);

        var random = new CounterRandom(seed, 100);
        var permutation = Enumerable.Range(0, width).ToArray();
        for (var i = width - 1; i > 0; i--)
        {
            var other = random.NextBelow(i + 1);
            (permutation[i], permutation[other]) = (permutation[other], permutation[i]);
        }

        return new KroneckerOrthogonal(width,
            [KroneckerBlock.Create(0, a, b, seed, 0), KroneckerBlock.Create(width - a * b, a, b, seed, 2)], permutation);
    }

    /// <summary>The two factors of <paramref name="width"/> nearest its root.</summary>
    private static (int Left, int Right) SplitExactly(int width)
    {
        var left = (int)Math.Sqrt(width);
        while (width % left != 0)
            left--;
        return (left, width / left);
    }

    /// <summary>Two numbers near the root whose product is not above <paramref name="width"/> and covers more than half of it.</summary>
    private static (int Left, int Right) SplitNearly(int width)
    {
        var left = (int)Math.Sqrt(width);
        return (left, width / left);
    }
}

/// <summary>A (a x a) and B (b x b), row by row, which turn the coordinates from <see cref="Start"/> on, read as an a x b table.</summary>
internal sealed record KroneckerBlock(int Start, int A, int B, double[] Left, double[] Right)
{
    public int Length => A * B;

    public static KroneckerBlock Create(int start, int a, int b, long seed, ulong stream) =>
        new(start, a, b, HaarOrthogonal.Create(a, seed, stream + 1), HaarOrthogonal.Create(b, seed, stream + 2));
}
