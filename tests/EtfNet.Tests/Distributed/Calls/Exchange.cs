using System.Runtime.InteropServices;
using FluentAssertions;

namespace EtfNet.Tests.Distributed;

/// <summary>Every call of a group with results that are known.</summary>
internal static class Exchange
{
    private static readonly int[] s_lengths = [0, 1, 7, 1000, 10_007];

    public static void Check(ICollective group)
    {
        foreach (var length in s_lengths)
        {
            var floats = Values(group.Rank, length).Select(value => (float)value).ToArray();
            group.Sum(floats);
            floats.Should().Equal(Total(group.Size, length).Select(value => (float)value), $"of {length} floats");

            var doubles = Values(group.Rank, length);
            group.Sum(doubles);
            doubles.Should().Equal(Total(group.Size, length), $"of {length} doubles");

            for (var root = 0; root < group.Size; root++)
            {
                var bytes = Bytes(group.Rank, length);
                group.Broadcast(bytes, root);
                bytes.Should().Equal(Bytes(root, length), $"of {length} bytes from {root}");
            }

            group.Barrier();
        }

        // Sums that round are the same bits on all ranks, whatever their order.
        var random = new Random(group.Rank);
        double[] rounded = [.. Enumerable.Range(0, 1000).Select(_ => random.NextDouble())];
        group.Sum(rounded);
        RankAgreement.Require(group, [new NamedFingerprint("sum", Fingerprint.Of(MemoryMarshal.AsBytes(rounded.AsSpan())))], "sums");
    }

    /// <summary>Multiples of 1/8 below 2^16: their sums are exact in float and in double.</summary>
    private static double[] Values(int rank, int length)
    {
        var random = new Random(rank);
        return [.. Enumerable.Range(0, length).Select(_ => (random.Next(1 << 16) - (1 << 15)) / 8.0)];
    }

    private static double[] Total(int size, int length)
    {
        var total = new double[length];
        for (var rank = 0; rank < size; rank++)
        {
            var values = Values(rank, length);
            for (var i = 0; i < length; i++)
                total[i] += values[i];
        }

        return total;
    }

    private static byte[] Bytes(int rank, int length)
    {
        var bytes = new byte[length];
        new Random(100 + rank).NextBytes(bytes);
        return bytes;
    }
}
