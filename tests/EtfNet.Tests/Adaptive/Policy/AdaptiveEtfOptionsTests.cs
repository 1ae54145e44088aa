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
        ((Action)(() => _ = new AdaptiveEtfOptions { Epsilon = value }))
            .Should().Throw<ArgumentOutOfRangeException>().WithParameterName("Epsilon");

    [Fact]
    public void Values_OutOfRange_ThrowNamingTheOption()
    {
        Check(() => new AdaptiveEtfOptions { Patience = 0 }, "Patience");
        Check(() => new AdaptiveEtfOptions { WarmupEpochs = -1 }, "WarmupEpochs");
        Check(() => new AdaptiveEtfOptions { MaxPerEpoch = 0 }, "MaxPerEpoch");
        Check(() => new AdaptiveEtfOptions { MaxOutputError = 0 }, "MaxOutputError");
        Check(() => new AdaptiveEtfOptions { MaxOutputError = double.NaN }, "MaxOutputError");
        Check(() => new AdaptiveEtfOptions { MaxErrorRise = 0 }, "MaxErrorRise");
        Check(() => new AdaptiveEtfOptions { MaxErrorRise = double.NaN }, "MaxErrorRise");
        Check(() => new AdaptiveEtfOptions { ClassCount = 1 }, "ClassCount");
        Check(() => new AdaptiveEtfOptions { CalibrationSamples = 63 }, "CalibrationSamples");
        Check(() => new AdaptiveEtfOptions { MaxCalibrationShare = 0 }, "MaxCalibrationShare");
        Check(() => new AdaptiveEtfOptions { MaxCalibrationShare = double.NaN }, "MaxCalibrationShare");
        Check(() => new AdaptiveEtfOptions { Order = (FixOrder)9 }, "Order");
        Check(() => new AdaptiveEtfOptions { Decision = (FixDecision)9 }, "Decision");
        Check(() => new AdaptiveEtfOptions { FeaturePoint = (FeaturePoint)9 }, "FeaturePoint");
        Check(() => new AdaptiveEtfOptions { Pooling = (FeaturePooling)9 }, "Pooling");
        Check(() => new FixGuardOptions { Tolerance = -0.01 }, "Tolerance");
        Check(() => new FixGuardOptions { Tolerance = double.PositiveInfinity }, "Tolerance");
        Check(() => new FixGuardOptions { GraceEpochs = 0 }, "GraceEpochs");

        static void Check(Func<object> make, string name) =>
            make.Should().Throw<ArgumentOutOfRangeException>().WithParameterName(name);
    }

    [Fact]
    public void Values_AtTheEndOfTheirRange_AreTaken()
    {
        new AdaptiveEtfOptions { Patience = 1 }.Patience.Should().Be(1);
        new AdaptiveEtfOptions { WarmupEpochs = 0 }.WarmupEpochs.Should().Be(0);
        new AdaptiveEtfOptions { MaxPerEpoch = 1 }.MaxPerEpoch.Should().Be(1);
        new AdaptiveEtfOptions { ClassCount = 2 }.ClassCount.Should().Be(2);
        new AdaptiveEtfOptions { ClassCount = null }.ClassCount.Should().BeNull();
        new AdaptiveEtfOptions { CalibrationSamples = 64 }.CalibrationSamples.Should().Be(64);
        new FixGuardOptions { Tolerance = 0 }.Tolerance.Should().Be(0);
        new FixGuardOptions { GraceEpochs = 1 }.GraceEpochs.Should().Be(1);
    }

    [Fact]
    public void Values_EveryMemberOfAnEnumeration_IsTaken()
    {
        Enum.GetValues<FixOrder>().Should().OnlyContain(value => new AdaptiveEtfOptions { Order = value }.Order == value);
        Enum.GetValues<FixDecision>().Should().OnlyContain(value => new AdaptiveEtfOptions { Decision = value }.Decision == value);
        Enum.GetValues<FeaturePoint>().Should().OnlyContain(value => new AdaptiveEtfOptions { FeaturePoint = value }.FeaturePoint == value);
        Enum.GetValues<FeaturePooling>().Should().OnlyContain(value => new AdaptiveEtfOptions { Pooling = value }.Pooling == value);
    }

    [Fact]
    public void Defaults_AreTheDocumentedOnes()
    {
        var options = new AdaptiveEtfOptions();
        (options.Epsilon, options.Patience, options.WarmupEpochs, options.MaxPerEpoch).Should().Be((0.05, 1, 0, 2));
        (options.MaxOutputError, options.MaxErrorRise, options.CalibrationSamples).Should().Be((0.75, 0.05, 2048));
        (options.Order, options.Decision).Should().Be((FixOrder.LatestFirst, FixDecision.Online));
        (options.FeaturePoint, options.Pooling).Should().Be((FeaturePoint.Auto, FeaturePooling.Auto));
        (options.MatchOutputs, options.LeaveOneOut).Should().Be((true, true));
        (options.RequireConfidence, options.MaxLossRise, options.MaxCalibrationShare).Should().Be((null, 0.1, 0.1));
        new object?[] { options.Frame, options.ClassCount, options.Guard, options.Logger }.Should().OnlyContain(value => value == null);
        options.Include.Should().BeEmpty();
        options.Exclude.Should().BeEmpty();
        var guard = new FixGuardOptions();
        (guard.Tolerance, guard.GraceEpochs).Should().Be((0.01, 2));
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
        paper.Order.Should().Be(FixOrder.Independent);
        paper.Frame.Should().Be(EtfFrame.Identity);
        paper.MaxPerEpoch.Should().Be(int.MaxValue);
        paper.MaxOutputError.Should().Be(double.PositiveInfinity);
        paper.MaxErrorRise.Should().Be(double.PositiveInfinity);
        paper.MatchOutputs.Should().BeFalse();
    }
}
