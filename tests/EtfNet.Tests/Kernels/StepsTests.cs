using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Kernels;

public sealed class StepsTests
{
    [Fact]
    public void Piece_OfThreeDimensions_IsWhereItsIndicesAre()
    {
        var steps = new Steps(3, 4, 1000, 100, 7);
        for (var i = 0; i < 5; i++)
            for (var j = 0; j < 3; j++)
                for (var k = 0; k < 4; k++)
                    steps[(i * 3 + j) * 4 + k].Should().Be(i * 1000 + j * 100 + k * 7);
    }

    [Fact]
    public void Piece_BeyondThirtyTwoBits_IsExact()
    {
        new Steps(1, 1, 3_000_000_000, 0, 0)[5].Should().Be(15_000_000_000);
        new Steps(70_000, 70_000, 4_900_000_000, 70_000, 1)[3L * 70_000 * 70_000 + 69_999L * 70_000 + 69_999]
            .Should().Be(4 * 4_900_000_000 - 1);
    }
}
