using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Adaptive;

public sealed class FixPolicyTests
{
    private static readonly AdaptiveEtfOptions Options = new() { Epsilon = 0.1 };

    [Fact]
    public void Judge_LatestFirst_PrefersTheLastLayer() =>
        Ready(Options, Layer("a", 0.05), Layer("b", 0.2), Layer("c", 0.1), Layer("d", 0.01)).Should().Equal("d", "c", "a");

    [Fact]
    public void Judge_Independent_TakesThemInForwardOrder() =>
        Ready(AdaptiveEtfOptions.Paper with { Epsilon = 0.1 }, Layer("a", 0.05), Layer("b", 0.2), Layer("c", 0.1)).Should().Equal("a", "c");

    [Fact]
    public void Judge_PastEffectiveDepth_StopsAtTheFirstLayerAboveFromTheEnd() =>
        Ready(Options with { Order = FixOrder.PastEffectiveDepth }, Layer("a", 0.05), Layer("b", 0.2), Layer("c", 0.1), Layer("d", 0.01)).Should().Equal("d", "c");

    [Fact]
    public void Judge_PastEffectiveDepth_FixedLayerWithoutErrorDoesNotStop() =>
        Ready(Options with { Order = FixOrder.PastEffectiveDepth }, Layer("a", 0.05), Layer("b", null) with { IsFixed = true }).Should().Equal("a");

    [Fact]
    public void Judge_NoErrorOrNaN_Waits() =>
        Ready(Options, Layer("a", null), Layer("b", double.NaN)).Should().BeEmpty();

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    public void Judge_Warmup_FixesNothingBefore(int epoch, bool ready) =>
        FixPolicy.Judge(Options with { WarmupEpochs = 2 }, epoch, [Layer("a", 0)])[0].IsReady.Should().Be(ready);

    [Fact]
    public void Judge_Patience_CountsEpochsInARow()
    {
        var options = Options with { Patience = 3 };
        Ready(options, Layer("a", 0.01) with { Streak = 2 }).Should().BeEmpty();
        Ready(options, Layer("a", 0.01) with { Streak = 3 }).Should().Equal("a");
    }

    [Fact]
    public void Judge_Confidence_AsksTheUpperEnd()
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
    public void Judge_Confidence_IsAskedOfFewSamplesWhereItIsLeftOpen(bool? asked, long scored, bool ready) =>
        FixPolicy.Judge(Options with { RequireConfidence = asked }, 1, [Layer("a", 0.09) with { Upper = 0.11, Scored = scored }])[0].IsReady.Should().Be(ready);

    [Fact]
    public void Judge_FixedOrBarred_IsNotReadyAndSaysWhy()
    {
        var verdicts = FixPolicy.Judge(Options, 1, [Layer("a", 0) with { IsFixed = true }, Layer("b", 0) with { Excluded = "no frame" }]);
        verdicts.Should().BeEquivalentTo([new LayerVerdict("a", false, "fixed"), new LayerVerdict("b", false, "no frame")]);
    }

    [Theory]
    [InlineData(0.09, 0.2, "not certain enough*")]
    [InlineData(0.1, 0.2, "not certain enough*")]
    [InlineData(0.11, 0.2, "error above epsilon")]
    public void Judge_Confidence_SaysWhetherTheErrorOrItsIntervalIsAbove(double error, double upper, string reason) =>
        FixPolicy.Judge(Options with { RequireConfidence = true }, 1, [Layer("a", error) with { Upper = upper }])[0].Reason.Should().Match(reason);

    [Fact]
    public void Judge_EveryLayer_HasOneVerdict() =>
        FixPolicy.Judge(Options, 1, [Layer("a", 0), Layer("b", 1), Layer("c", null)]).Select(verdict => verdict.Name).Should().BeEquivalentTo("a", "b", "c");

    private static LayerStanding Layer(string name, double? error) => new(name, error, error, 10_000, 1, false, null);

    private static IEnumerable<string> Ready(AdaptiveEtfOptions options, params LayerStanding[] layers) =>
        FixPolicy.Judge(options, 1, layers).Where(verdict => verdict.IsReady).Select(verdict => verdict.Name);
}
