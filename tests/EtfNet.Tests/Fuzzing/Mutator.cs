using System.Buffers.Binary;
using System.Text;

namespace EtfNet.Tests.Fuzzing;

/// <summary>Damages valid inputs: single bits, extreme numbers, pieces cut out, doubled or taken from another input. Pure: a seed gives one
/// input.</summary>
internal static class Mutator
{
    private const int MaxLength = 1 << 16;

    private static readonly long[] s_numbers =
    [
        0, 1, -1, 2, 8, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 1 << 20,
        int.MaxValue, int.MinValue, uint.MaxValue, long.MaxValue, long.MinValue,
    ];

    private static readonly byte[][] s_tokens =
    [
        .. new[]
        {
            "null", "[]", "{}", "\"\"", "-1", "0", "1e999", "1e-999", "9223372036854775808", "2147483648", "\"NaN\"", "true", "[[",
            "{\"a\":", "\\u0000", "\t", "\n", "\ufeff",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    /// <summary>A damaged copy of one of the seeds, or random bytes.</summary>
    public static byte[] Next(Random random, IReadOnlyList<byte[]> seeds)
    {
        if (random.Next(20) == 0)
            return RandomBytes(random, random.Next(200));
        var bytes = (byte[])seeds[random.Next(seeds.Count)].Clone();
        for (var rounds = random.Next(1, 5); rounds > 0; rounds--)
            bytes = Damage(random, bytes, seeds);
        return bytes.Length <= MaxLength ? bytes : bytes[..MaxLength];
    }

    private static byte[] Damage(Random random, byte[] bytes, IReadOnlyList<byte[]> seeds)
    {
        var at = random.Next(bytes.Length + 1);
        var length = random.Next(Math.Min(bytes.Length - at, 64) + 1);
        switch (random.Next(9))
        {
            case 0 when at < bytes.Length:
                bytes[at] ^= (byte)(1 << random.Next(8));
                return bytes;
            case 1 when at < bytes.Length:
                bytes[at] = (byte)random.Next(256);
                return bytes;
            case 2:
                return Number(random, bytes, at);
            case 3:
                return bytes[..at];
            case 4:
                return [.. bytes[..at], .. bytes[(at + length)..]];
            case 5:
                return [.. bytes[..(at + length)], .. bytes[at..]];
            case 6:
                return [.. bytes[..at], .. RandomBytes(random, random.Next(16)), .. bytes[at..]];
            case 7:
                var other = seeds[random.Next(seeds.Count)];
                return [.. bytes[..at], .. other[random.Next(other.Length + 1)..]];
            default:
                return Token(random, bytes, at);
        }
    }

    private static byte[] Number(Random random, byte[] bytes, int at)
    {
        var size = 1 << random.Next(4);
        if (at + size > bytes.Length)
            return bytes;
        Span<byte> number = stackalloc byte[8];
        var value = s_numbers[random.Next(s_numbers.Length)];
        if (random.Next(2) == 0)
            BinaryPrimitives.WriteInt64LittleEndian(number, value);
        else
            BinaryPrimitives.WriteInt64BigEndian(number, value << (64 - (8 * size)));
        number[..size].CopyTo(bytes.AsSpan(at));
        return bytes;
    }

    /// <summary>Puts a token in the place of the word that stands here: a number, a name, a literal of JSON.</summary>
    private static byte[] Token(Random random, byte[] bytes, int at)
    {
        var start = at;
        while (start > 0 && IsWord(bytes[start - 1]))
            start--;
        var end = at;
        while (end < bytes.Length && IsWord(bytes[end]))
            end++;
        return [.. bytes[..start], .. s_tokens[random.Next(s_tokens.Length)], .. bytes[end..]];
    }

    private static bool IsWord(byte value) => char.IsAsciiLetterOrDigit((char)value) || value is (byte)'-' or (byte)'.' or (byte)'"';

    private static byte[] RandomBytes(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }
}
