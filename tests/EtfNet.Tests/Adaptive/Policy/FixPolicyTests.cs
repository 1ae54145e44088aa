using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Adaptive;

public sealed class FixPolicyTests
{
    private static readonly AdaptiveEtfOptions Options = new() { Epsilon = 0.1 };

    [Fact]
    public void Decide_LatestFirst_PrefersTheLastLayer() =>
        Ready(Options, Layer("a", 0.05), Layer("b", 0.2), Layer("c", 0.1), Layer("d", 0.01)).Should().Equal("d", "c", "a");

    [Fact]
    public void Decide_Independent_TakesThemInForwardOrder() =>
        Ready(AdaptiveEtfOptions.Paper with { Epsilon = 0.1 }, Layer("a", 0.05), Layer("b", 0.2), Layer("c", 0.1)).Should().Equal("a", "c");

    [Fact]
    public void Decide_PastEffectiveDepth_StopsAtTheFirstLayerAboveFromTheEnd() =>
        Ready(Options with { Order = FixOrder.PastEffectiveDepth }, Layer("a", 0.05), Layer("b", 0.2), Layer("c", 0.1), Layer("d", 0.01))
            .Should().Equal("d", "c");

    [Fact]
    public void Decide_PastEffectiveDepth_FixedLayerWithoutErrorDoesNotStop() =>
        Ready(Options with { Order = FixOrder.PastEffectiveDepth }, Layer("a", 0.05), Layer("b", null) with { IsFixed = true })
            .Should().Equal("a");

    [Fact]
    public void Decide_NoErrorOrNaN_Waits() =>
        Ready(Options, Layer("a", null), Layer("b", double.NaN)).Should().BeEmpty();

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    public void Decide_Warmup_FixesNothingBefore(int epoch, bool ready) =>
        FixPolicy.Decide(Options with { WarmupEpochs = 2 }, epoch, [Layer("a", 0)])[0].IsReady.Should().Be(ready);

    [Fact]
    public void Decide_Patience_CountsEpochsInARow()
    {
        var options = Options with { Patience = 3 };
        Ready(options, Layer("a", 0.01) with { Streak = 2 }).Should().BeEmpty();
        Ready(options, Layer("a", 0.01) with { Streak = 3 }).Should().Equal("a");
    }

    [Fact]
    public void Decide_Confidence_UsesTheUpperEnd()
    {
        var options = Options with { RequireConfidence = true };
        Ready(options, Layer("a", 0.09) with { Upper = 0.11 }).Should().BeEmpty();
        Ready(options, Layer("a", 0.09) with { Upper = 0.1 }).Should().Equal("a");
    }

    [Theory]
    [InlineData(null, 999, false)]
    [InlineData(null, 1000, true)]
    [InlineData(false, 2, true)]
    [InlineData(true, 1_000_000, false)]
    public void Decide_ConfidenceLeftOpen_IsRequiredOfFewSamples(bool? asked, long scored, bool ready) =>
        FixPolicy.Decide(Options with { RequireConfidence = asked }, 1, [Layer("a", 0.09) with { Upper = 0.11, Scored = scored }])
            .Single().IsReady.Should().Be(ready);

    [Fact]
    public void Decide_FixedOrExcluded_IsNotReadyAndSaysWhy()
    {
        var excluded = new LayerDecision("b", LayerReason.NotFixable) { Detail = "no frame" };
        FixPolicy.Decide(Options, 1, [Layer("a", 0) with { IsFixed = true }, Layer("b", 0) with { Excluded = excluded }])
            .Should().Equal(new LayerDecision("a", LayerReason.Fixed), excluded);
    }

    [Theory]
    [InlineData(4, LayerReason.RetryLater)]
    [InlineData(3, LayerReason.Ready)]
    public void Decide_RefusedBefore_WaitsForItsEpoch(int retryAt, LayerReason reason) => FixPolicy.Decide(
        Options, 3, [Layer("a", 0) with { Refusal = new LayerDecision("a", LayerReason.CannotFit), RetryAt = retryAt }])[0].Reason
            .Should().Be(reason);

    [Fact]
    public void Decide_OneClassOnly_Waits() =>
        FixPolicy.Decide(Options, 1, [Layer("a", 0) with { Classes = 1 }])[0].Reason.Should().Be(LayerReason.OneClass);

    [Theory]
    [InlineData(0.09, 0.2, LayerReason.NotCertain)]
    [InlineData(0.1, 0.2, LayerReason.NotCertain)]
    [InlineData(0.11, 0.2, LayerReason.ErrorAboveEpsilon)]
    public void Decide_Confidence_SaysWhetherTheErrorOrItsIntervalIsAbove(double error, double upper, LayerReason reason) =>
        FixPolicy.Decide(Options with { RequireConfidence = true }, 1, [Layer("a", error) with { Upper = upper }])[0].Reason
            .Should().Be(reason);

    [Fact]
    public void Decide_EveryLayer_HasOneDecision() =>
        FixPolicy.Decide(Options, 1, [Layer("a", 0), Layer("b", 1), Layer("c", null)]).Select(decision => decision.Name)
            .Should().BeEquivalentTo("a", "b", "c");

    [Theory]
    [InlineData(11, 0.12, true)]
    [InlineData(11, 0.13, true)]
    [InlineData(11, 0.15, false)]
    [InlineData(10, 0.12, false)]
    public void Decide_RelativeEpsilon_CountsAgainstTheLastLayerAfterSomeEpochs(int epoch, double error, bool ready)
    {
        var options = Options with { RelativeEpsilon = 0.02, RelativeWarmupEpochs = 10 };
        FixPolicy.Decide(options, epoch, [Layer("a", error), Layer("b", 0.12)]).Single(decision => decision.Name == "a").IsReady
            .Should().Be(ready);
    }

    [Fact]
    public void Decide_RelativeEpsilon_CountsOnlyWhereTheLastLayerItselfIsBelowItsBound()
    {
        var options = Options with { RelativeEpsilon = 0.05, RelativeWarmupEpochs = 0, RelativeBound = 0.3 };
        Ready(options, Layer("a", 0.33), Layer("b", 0.31)).Should().BeEmpty();
        Ready(options, Layer("a", 0.33), Layer("b", 0.30)).Should().Equal("b", "a");
    }

    [Fact]
    public void Decide_RelativeEpsilonBelowEpsilon_LeavesEpsilonInForce() =>
        Ready(Options with { RelativeEpsilon = 0.01, RelativeWarmupEpochs = 0 }, Layer("a", 0.09), Layer("b", 0.02))
            .Should().Equal("b", "a");

    private static LayerStanding Layer(string name, double? error) => new(name, error, error, 10_000, 1, false);

    private static IEnumerable<string> Ready(AdaptiveEtfOptions options, params LayerStanding[] layers) =>
        FixPolicy.Decide(options, 1, layers).Where(decision => decision.IsReady).Select(decision => decision.Name);
}
