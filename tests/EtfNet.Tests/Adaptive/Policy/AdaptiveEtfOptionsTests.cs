using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Adaptive;

public sealed class AdaptiveEtfOptionsTests
{
    [Theory]
    [InlineData(0.0)]
    [InlineData(1.0)]
    [InlineData(-0.1)]
    [InlineData(double.NaN)]
    public void Epsilon_OutsideOpenUnitInterval_Throws(double value) =>
        ((Action)(() => _ = new AdaptiveEtfOptions { Epsilon = value })).Should().Throw<ArgumentOutOfRangeException>().WithParameterName("Epsilon");

    [Fact]
    public void Values_OutOfRange_ThrowNamingTheOption()
    {
        Check(() => new AdaptiveEtfOptions { Patience = 0 }, "Patience");
        Check(() => new AdaptiveEtfOptions { WarmupEpochs = -1 }, "WarmupEpochs");
        Check(() => new AdaptiveEtfOptions { MaxPerEpoch = 0 }, "MaxPerEpoch");
        Check(() => new AdaptiveEtfOptions { MaxOutputError = 0 }, "MaxOutputError");
        Check(() => new AdaptiveEtfOptions { MaxOutputError = double.NaN }, "MaxOutputError");
        Check(() => new AdaptiveEtfOptions { ClassCount = 1 }, "ClassCount");
        Check(() => new AdaptiveEtfOptions { CalibrationSamples = 1 }, "CalibrationSamples");
        Check(() => new AdaptiveEtfOptions { Order = (SwitchOrder)9 }, "Order");
        Check(() => new AdaptiveEtfOptions { Decision = (SwitchDecision)9 }, "Decision");
        Check(() => new AdaptiveEtfOptions { FeaturePoint = (FeaturePoint)9 }, "FeaturePoint");
        Check(() => new AdaptiveEtfOptions { Pooling = (FeaturePooling)9 }, "Pooling");
        Check(() => new SwitchGuardOptions { Tolerance = double.PositiveInfinity }, "Tolerance");
        Check(() => new SwitchGuardOptions { GraceEpochs = 0 }, "GraceEpochs");

        static void Check(Func<object> make, string name) =>
            make.Should().Throw<ArgumentOutOfRangeException>().WithParameterName(name);
    }

    [Fact]
    public void Equals_SameValuesInOtherLists_IsTrue()
    {
        var one = new AdaptiveEtfOptions { Include = ["a", "b"], Exclude = ["c"] };
        one.Should().Be(new AdaptiveEtfOptions { Include = new List<string> { "a", "b" }, Exclude = ["c"] });
        one.GetHashCode().Should().Be(new AdaptiveEtfOptions { Include = ["a", "b"], Exclude = ["c"] }.GetHashCode());
        one.Should().NotBe(one with { Include = ["a"] });
        one.Should().NotBe(one with { Epsilon = 0.2 });
    }

    [Fact]
    public void Paper_IsThePapersRule()
    {
        var paper = AdaptiveEtfOptions.Paper;
        paper.Order.Should().Be(SwitchOrder.Independent);
        paper.Frame.Should().Be(EtfFrame.Identity);
        paper.MaxPerEpoch.Should().Be(int.MaxValue);
        paper.MaxOutputError.Should().Be(double.PositiveInfinity);
        paper.MatchOutputs.Should().BeFalse();
    }
}
