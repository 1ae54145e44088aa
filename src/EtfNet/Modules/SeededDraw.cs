namespace EtfNet;

/// <summary>
/// Random numbers that depend on nothing but their names: a seed and some numbers. No state, so that a resumed run draws what an
/// uninterrupted one does.
/// </summary>
internal static class SeededDraw
{
    /// <summary>A number in [0, 1).</summary>
    public static double Uniform(long seed, long first, long second = 0) => (Hash(seed, first, second) >> 11) * (1.0 / (1L << 53));

    /// <summary>A whole number in [0, count).</summary>
    public static int Below(int count, long seed, long first, long second = 0) => (int)(Uniform(seed, first, second) * count);

    private static ulong Hash(long seed, long first, long second) =>
        Mix(Mix(Mix((ulong)seed + 0x9E3779B97F4A7C15) + (ulong)first + 0x9E3779B97F4A7C15) + (ulong)second + 0x9E3779B97F4A7C15);

    // The finalizer of SplitMix64 (Steele, Lea, Flood 2014).
    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
