using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Modules;

/// <summary>Numbers drawn by their names.</summary>
public sealed class SeededDrawTests
{
    [Fact]
    public void Uniform_SameNames_IsTheSame_AndDiffersByEach()
    {
        var drawn = SeededDraw.Uniform(1, 2, 3);
        SeededDraw.Uniform(1, 2, 3).Should().Be(drawn);
        new[] { SeededDraw.Uniform(2, 2, 3), SeededDraw.Uniform(1, 3, 3), SeededDraw.Uniform(1, 2, 4), SeededDraw.Uniform(1, 3, 2) }
            .Should().NotContain(drawn).And.OnlyHaveUniqueItems();
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(-1, 7)]
    [InlineData(long.MaxValue, long.MinValue)]
    public void Uniform_NamesInARow_IsEven(long seed, long first)
    {
        var tenths = new int[10];
        for (var i = 0; i < 10_000; i++)
            tenths[(int)(10 * SeededDraw.Uniform(seed, first, i))]++;
        // 1,000 each; four standard deviations are 120.
        tenths.Should().OnlyContain(count => count > 880 && count < 1120);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(7)]
    public void Below_NamesInARow_DrawsEachNumberAsOften(int count)
    {
        var drawn = Enumerable.Range(0, 1000 * count).Select(i => SeededDraw.Below(count, 5, i)).GroupBy(number => number).ToList();
        drawn.Select(group => group.Key).Should().BeEquivalentTo(Enumerable.Range(0, count));
        drawn.Should().OnlyContain(group => Math.Abs(group.Count() - 1000) < 130);
    }
}
