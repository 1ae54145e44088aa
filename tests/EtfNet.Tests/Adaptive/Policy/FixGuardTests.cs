using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Adaptive;

public sealed class FixGuardTests
{
    [Fact]
    public void Judge_WithinGrace_SaysNothing()
    {
        var guard = Begun(3, 1.0);
        guard.Judge(4, 9.0).Should().BeEmpty();
        guard.Trials.Should().ContainSingle();
    }

    [Theory]
    [InlineData(1.05, false)]
    [InlineData(1.2, true)]
    [InlineData(double.NaN, true)]
    public void Judge_GraceOver_RevertsWhatCostMoreThanTheTolerance(double cost, bool takeBack)
    {
        var guard = Begun(3, 1.0);
        guard.Judge(4, cost);
        guard.Judge(5, cost).Should().ContainSingle().Which.TakeBack.Should().Be(takeBack);
        guard.Trials.Should().BeEmpty();
    }

    [Fact]
    public void Judge_WorseByExactlyTheTolerance_Stays()
    {
        var guard = new FixGuard(new FixGuardOptions { Tolerance = 0.25, GraceEpochs = 1 });
        guard.Begin(1, 1.0);
        guard.Judge(2, 1.25).Should().Equal((1, false, 0.25));
    }

    [Fact]
    public void Judge_BestEpochSinceTheFix_Counts()
    {
        var guard = Begun(3, 1.0);
        guard.Judge(4, 1.0);
        guard.Judge(5, 5.0).Should().ContainSingle().Which.TakeBack.Should().BeFalse();
    }

    [Fact]
    public void Judge_SeveralTrials_EndLastFirst()
    {
        var guard = Begun(1, 1.0);
        guard.Begin(2, 1.0);
        guard.Judge(9, 2.0).Select(ended => ended.Epoch).Should().Equal(2, 1);
    }

    private static FixGuard Begun(int epoch, double cost)
    {
        var guard = new FixGuard(new FixGuardOptions { Tolerance = 0.1, GraceEpochs = 2 });
        guard.Begin(epoch, cost);
        return guard;
    }
}
