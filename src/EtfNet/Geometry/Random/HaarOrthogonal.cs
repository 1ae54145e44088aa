using System.Numerics;

namespace EtfNet;

/// <summary>Small orthogonal matrices from the Haar measure, made in managed float64, the same bits on any machine.</summary>
/// <remarks>
/// A product of Householder reflections of normal vectors of falling length with random signs (Stewart, SIAM J. Numer. Anal. 17, 1980).
/// The matrix is only ever updated element by element, so the width of the machine's vectors does not change a bit.
/// </remarks>
internal static class HaarOrthogonal
{
    /// <returns>A <paramref name="size"/> x <paramref name="size"/> orthogonal matrix, row by row.</returns>
    public static double[] Create(int size, long seed, ulong stream)
    {
        var random = new CounterRandom(seed, stream);
        var matrix = new double[size * size];
        for (var i = 0; i < size; i++)
            matrix[i * size + i] = (random.NextBits() & 1) == 0 ? 1 : -1;

        var normal = new double[size];
        var product = new double[size];
        for (var length = 2; length <= size; length++)
            Reflect(matrix, size, size - length, normal.AsSpan(0, length), product, ref random);
        return matrix;
    }

    /// <summary>Applies H = I - 2 v v^T / (v^T v), with v = g + sign(g_1) |g| e_1 and g normal, to the trailing block from
    /// <paramref name="first"/> on.</summary>
    private static void Reflect(double[] matrix, int size, int first, Span<double> v, double[] product, ref CounterRandom random)
    {
        var square = 0.0;
        for (var i = 0; i < v.Length; i++)
        {
            v[i] = random.NextNormal();
            square += v[i] * v[i];
        }

        var norm = Math.Sqrt(square);
        var head = v[0];
        v[0] = head < 0 ? head - norm : head + norm;
        var scale = 2 / (square - head * head + v[0] * v[0]);

        var sums = product.AsSpan(first, v.Length);
        sums.Clear();
        for (var i = 0; i < v.Length; i++)
            AddScaled(sums, matrix.AsSpan((first + i) * size + first, v.Length), v[i]);
        for (var i = 0; i < v.Length; i++)
            AddScaled(matrix.AsSpan((first + i) * size + first, v.Length), sums, -scale * v[i]);
    }

    private static void AddScaled(Span<double> target, ReadOnlySpan<double> source, double factor)
    {
        var i = 0;
        for (; i <= target.Length - Vector<double>.Count; i += Vector<double>.Count)
            (new Vector<double>(target[i..]) + new Vector<double>(source[i..]) * factor).CopyTo(target[i..]);
        for (; i < target.Length; i++)
            target[i] += source[i] * factor;
    }
}
