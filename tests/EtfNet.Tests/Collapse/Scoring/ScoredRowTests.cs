using FluentAssertions;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Collapse.Scoring;

public sealed class ScoredRowTests
{
    /// <summary>Squared distances to the centers in order, the own class among them, its factor; whether the own is nearest with the
    /// factor, which is without.</summary>
    [Theory]
    [InlineData(new[] { 1f, 2f }, 0, 1f, true, 0)]
    [InlineData(new[] { 1f, 2f }, 1, 1f, false, 0)]
    [InlineData(new[] { 2f, 1f }, 1, 1f, true, 1)]
    [InlineData(new[] { 3f, 5f, 4f }, 2, 1f, false, 0)]
    [InlineData(new[] { 1f, 2f }, 0, 4f, false, 0)]
    [InlineData(new[] { 1f, 9f }, 0, 4f, true, 0)]
    [InlineData(new[] { 1f, 9f }, 0, float.PositiveInfinity, false, 0)]
    [InlineData(new[] { 1f, 9f }, -1, 1f, false, 0)]
    public void Decide_Distances_TakesTheNearest(float[] distances, int own, float factor, bool right, int winner) =>
        Row(distances, own).Decide(factor).Should().Be((right, winner));

    [Theory]
    [InlineData(0, true, 0)]
    [InlineData(1, false, 0)]
    public void Decide_Tie_GoesToTheLowerClass(int own, bool right, int winner) => Row([2, 2], own).Decide(1).Should().Be((right, winner));

    [Fact]
    public void Decide_TieAfterTheFactor_GoesToTheLowerClass()
    {
        Row([1, 4], 0).Decide(4).Should().Be((true, 0));
        Row([4, 1], 1).Decide(4).Should().Be((false, 1));
    }

    [Fact]
    public void Decide_OnlyTheOwnCenter_IsRightUnlessItIsTheSampleAlone()
    {
        Row([2], 0).Decide(4).Should().Be((true, 0));
        Row([2], 0).Decide(float.PositiveInfinity).Should().Be((false, 0));
    }

    [Fact]
    public void Take_SeveralRuns_CountsCentersFromTheirOffset()
    {
        var row = new ScoredRow(0, 3);
        float[] norms = [9, 8, 7, 6, 5];
        row.Take([0, 0], norms, 0);
        row.Take([0, 2, 0], norms, 2);
        // Distances 9, 8, 7, 6 - 4, 5: the own center is number 3.
        row.Decide(1).Should().Be((true, 3));
        row.Decide(4).Should().Be((false, 3));
        (row.OwnIndex, row.SquaredNorm).Should().Be((3, 0));
    }

    // One feature, centers at -1 and 1, a sample of norm 1: the bound is 33 eps (1 + 1)^2 = 1.5736e-5.
    private const float Bound = 33 * 1.1920929e-7f * 4;

    [Theory]
    [InlineData(1.9f, true)]
    [InlineData(2.1f, false)]
    [InlineData(-1.9f, true)]
    [InlineData(-2.1f, false)]
    public void IsClose_OwnAndBest_WithinTwoBounds(float bounds, bool close) =>
        Unscored(0.5f + bounds * Bound, 0.5f).IsClose(float.PositiveInfinity, Centers()).Should().Be(close);

    [Theory]
    [InlineData(0.9f, 1.9f, true)]
    [InlineData(0.9f, 2.1f, false)]
    [InlineData(0.1f, 1.9f, false)]
    public void IsClose_BestAndSecond_OnlyWhereTheyBeatTheOwn(float own, float bounds, bool close) =>
        Unscored(own, 0.5f, 0.5f + bounds * Bound).IsClose(float.PositiveInfinity, Centers()).Should().Be(close);

    [Theory]
    [InlineData(4.9f, true)]
    [InlineData(5.1f, false)]
    [InlineData(-4.9f, true)]
    [InlineData(-5.1f, false)]
    public void IsClose_OwnAfterTheFactor_WithinTheBoundOfBoth(float bounds, bool close)
    {
        // 4 (1 - 0.5) - 1 = 1.
        Unscored(-0.5f, 1 + bounds * Bound).IsClose(4, Centers()).Should().Be(close);
        Unscored(-0.5f, 1 + bounds * Bound).IsClose(float.PositiveInfinity, Centers()).Should().BeFalse();
    }

    [Fact]
    public void IsClose_NothingToCompareOrNoBound_IsKnown()
    {
        Unscored(0.5f).IsClose(1, Centers()).Should().BeFalse("there is no other center");
        new ScoredRow(float.PositiveInfinity, 0).IsClose(1, Centers()).Should().BeTrue("float32 cannot hold the norm");
        var stranger = new ScoredRow(1, -1);
        stranger.Take([0, 0], [0.5f, 0.9f], 0);
        stranger.IsClose(1, Centers()).Should().BeFalse();
    }

    /// <summary>A sample at squared distances from the centers, seen from itself.</summary>
    private static ScoredRow Row(float[] distances, int own)
    {
        var row = new ScoredRow(0, own);
        row.Take(new float[distances.Length], distances, 0);
        return row;
    }

    /// <summary>A sample of norm 1 with these squared distances less 1, the own center's first.</summary>
    private static ScoredRow Unscored(params float[] distances)
    {
        var row = new ScoredRow(1, 0);
        row.Take(new float[distances.Length], distances, 0);
        return row;
    }

    private static ClassCenters Centers()
    {
        using var scope = NewDisposeScope();
        var statistics = new ClassStatistics(1);
        statistics.Add(tensor(new[] { -1f, 1f }).reshape(2, 1), tensor(new long[] { 0, 1 }));
        return ClassCenters.Create(statistics);
    }
}
