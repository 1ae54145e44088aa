using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Distributed;

public sealed class CallComparisonTests
{
    private static readonly CollectiveCall s_step = new(CallKind.SumOfFloats, 10, 0, "step");
    private static readonly CollectiveCall s_epoch = new(CallKind.SumOfDoubles, 4, 0, "epoch");

    [Fact]
    public void Difference_OneRankInAnotherCall_NamesIt()
    {
        var error = CallComparison.Difference([s_step, s_step, s_epoch, s_step]);
        error.Error.Should().Be(CollectiveError.CallsDiffer);
        error.Ranks.Should().Equal(2);
        error.Message.Should().Contain("ranks 0, 1 and 3: sum of 10 floats (step); rank 2: sum of 4 doubles (epoch)");
    }

    [Fact]
    public void Difference_AsManyInEach_TakesTheLowestRanksAsRight() =>
        CallComparison.Difference([s_epoch, s_step]).Ranks.Should().Equal(1);

    [Fact]
    public void Difference_RanksThatLeave_AreTheReason_WhateverElseDiffers()
    {
        var error = CallComparison.Difference([s_epoch, CollectiveCall.Leave, s_step, CollectiveCall.Leave]);
        error.Error.Should().Be(CollectiveError.RankLeft);
        error.Ranks.Should().Equal(1, 3);
        error.Message.Should().StartWith("Ranks 1 and 3 left the group")
            .And.Contain("rank 0: sum of 4 doubles (epoch); rank 2: sum of 10 floats (step)");
    }

    [Fact]
    public void RankNames_AnyNumber_ReadAsText()
    {
        RankNames.Of([]).Should().Be("no rank");
        RankNames.Of([3]).Should().Be("rank 3");
        RankNames.Of([0, 5]).Should().Be("ranks 0 and 5");
        RankNames.Of([.. Enumerable.Range(0, 8)]).Should().Be("ranks 0, 1, 2, 3, 4, 5, 6 and 7");
        RankNames.Of([.. Enumerable.Range(0, 20)]).Should().Be("ranks 0, 1, 2, 3, 4, 5, 6, 7 and 12 more");
        RankNames.Capitalized([1, 2]).Should().Be("Ranks 1 and 2");
    }
}
