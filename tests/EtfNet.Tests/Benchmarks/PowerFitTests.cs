using EtfNet.Benchmarks.Growth;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Benchmarks;

public sealed class PowerFitTests
{
    [Fact]
    public void Of_PowerLaw_FindsExponentAndFactor()
    {
        var random = new Random(1);
        for (var i = 0; i < 50; i++)
        {
            var (exponent, factor) = ((random.NextDouble() * 5) - 1, Math.Exp((random.NextDouble() * 10) - 5));
            var points = Enumerable.Range(1, 6).Select(k => (X: Math.Pow(2, k), Y: factor * Math.Pow(2, k * exponent))).ToArray();
            var fit = PowerFit.Of(points);
            fit.Exponent.Should().BeApproximately(exponent, 1e-9);
            fit.Factor.Should().BeApproximately(factor, 1e-9 * factor);
            fit.RSquared.Should().BeApproximately(1, 1e-9);
        }
    }

    [Fact]
    public void Of_AnyPoints_NoOtherLineIsNearer()
    {
        var random = new Random(2);
        var points = Enumerable.Range(1, 8).Select(k => ((double)k, Math.Exp(random.NextDouble()))).ToArray();
        var fit = PowerFit.Of(points);
        foreach (var (exponent, factor) in new[] { (0.01, 1.0), (-0.01, 1.0), (0.0, 1.01), (0.0, 0.99), (0.01, 0.99) })
            Distance(fit.Exponent + exponent, fit.Factor * factor).Should().BeGreaterThan(Distance(fit.Exponent, fit.Factor));
        fit.RSquared.Should().BeInRange(0, 1);

        double Distance(double exponent, double factor) => points.Sum(point => Math.Pow(Math.Log(point.Item2) - Math.Log(factor * Math.Pow(point.Item1, exponent)), 2));
    }

    [Fact]
    public void OfUpperHalf_FixedCostOfACall_IsLeftOut()
    {
        // 1 + x^2 / 1e4: flat at first, then of exponent 2.
        var points = Enumerable.Range(0, 12).Select(k => Math.Pow(2, k)).Select(x => (x, 1 + (x * x / 1e4))).ToArray();
        PowerFit.Of(points).Exponent.Should().BeLessThan(1);
        PowerFit.OfUpperHalf(points).Exponent.Should().BeInRange(1.2, 2);
        PowerFit.OfUpperHalf([(1, 1), (2, 2)]).Exponent.Should().BeApproximately(1, 1e-12);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(1, -1)]
    [InlineData(0, 1)]
    [InlineData(double.NaN, 1)]
    [InlineData(2, double.PositiveInfinity)]
    public void Of_NoPowerLaw_Throws(double x, double y)
    {
        FluentActions.Invoking(() => PowerFit.Of([(1, 1), (3, 1), (x, y)])).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => PowerFit.Of([(1, 1), (1, 2)])).Should().Throw<ArgumentException>().WithMessage("*two points*");
    }
}
