using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Distributed;

public sealed class EqualityMomentsTests
{
    [Fact]
    public void AreEqual_AnyNumbers_OnlyWhereAllAre()
    {
        var random = new Random(5);
        for (var run = 0; run < 500; run++)
        {
            var size = random.Next(1, 40);
            var value = (ulong)random.NextInt64(long.MinValue, long.MaxValue);
            ulong[] values = [.. Enumerable.Repeat(value, size)];
            Sums(values, 1).Should().BeTrue();
            // One bit of one rank.
            values[random.Next(size)] ^= 1UL << random.Next(64);
            Sums(values, 1).Should().Be(size == 1);
        }
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(0x8000_7fff_0001_fffe)]
    public void AreEqual_TwoMillionRanks_IsExact(ulong value)
    {
        const int Ranks = 1_000_000;
        Sums([value, value], Ranks).Should().BeTrue();
        Sums([value, value - 1], Ranks).Should().BeFalse();
    }

    private static bool Sums(ulong[] values, int times)
    {
        var sums = new double[EqualityMoments.Length];
        var own = new double[EqualityMoments.Length];
        foreach (var value in values)
        {
            EqualityMoments.Write(value, own);
            for (var i = 0; i < sums.Length; i++)
                sums[i] += times * own[i];
        }

        return EqualityMoments.AreEqual(sums, values.Length * times);
    }
}
