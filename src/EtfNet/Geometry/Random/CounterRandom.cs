namespace EtfNet;

/// <summary>
/// Random numbers as a pure function of seed, stream and position (SplitMix64: Steele, Lea, Flood, OOPSLA 2014), the same bits on any
/// machine:
/// only integer operations and + - x / and square root on doubles, in a fixed order. No library logarithm, whose last bit differs between
/// systems.
/// </summary>
internal struct CounterRandom(long seed, ulong stream)
{
    private const ulong Golden = 0x9E3779B97F4A7C15;
    private const double Sqrt2 = 1.4142135623730951;
    private const double Ln2 = 0.6931471805599453;

    private readonly ulong _key = Mix(Mix(unchecked((ulong)seed) + Golden) ^ Mix(stream * Golden + 1));
    private ulong _position;
    private double _spare = double.NaN;

    public ulong NextBits() => Mix(_key + Golden * ++_position);

    /// <summary>A double in [0, 1), of 53 bits.</summary>
    public double NextUniform() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>An integer in [0, <paramref name="bound"/>), each equally likely.</summary>
    public int NextBelow(int bound) => (int)NextBelow((long)bound);

    /// <summary>The same for large bounds.</summary>
    public long NextBelow(long bound)
    {
        var limit = ulong.MaxValue - ulong.MaxValue % (ulong)bound;
        ulong bits;
        do
            bits = NextBits();
        while (bits >= limit);
        return (long)(bits % (ulong)bound);
    }

    /// <summary>A standard normal number, by Marsaglia's polar method.</summary>
    public double NextNormal()
    {
        if (!double.IsNaN(_spare))
        {
            var spare = _spare;
            _spare = double.NaN;
            return spare;
        }

        double x, y, square;
        do
        {
            x = 2 * NextUniform() - 1;
            y = 2 * NextUniform() - 1;
            square = x * x + y * y;
        }
        while (square is >= 1 or 0);
        var stretch = Math.Sqrt(-2 * Log(square) / square);
        _spare = y * stretch;
        return x * stretch;
    }

    /// <summary>The natural logarithm of a positive normal number: 2 artanh((m-1)/(m+1)) of the mantissa, by its series.</summary>
    internal static double Log(double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        var exponent = (int)(bits >> 52) - 1023;
        var mantissa = BitConverter.Int64BitsToDouble((bits & 0xFFFFFFFFFFFFF) | (1023L << 52));
        if (mantissa > Sqrt2)
        {
            mantissa /= 2;
            exponent++;
        }

        var z = (mantissa - 1) / (mantissa + 1);
        var square = z * z;
        var sum = 0.0;
        for (var power = 23; power >= 1; power -= 2)
            sum = sum * square + 1.0 / power;
        return exponent * Ln2 + 2 * z * sum;
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
