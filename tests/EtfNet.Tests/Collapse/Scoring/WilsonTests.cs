using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Collapse.Scoring;

public sealed class WilsonTests
{
    // From the closed form, worked out by hand to four digits; as in Agresti and Coull 1998 for 0 of 10.
    [Theory]
    [InlineData(0, 10, 0, 0.2775)]
    [InlineData(10, 10, 0.7225, 1)]
    [InlineData(5, 10, 0.2366, 0.7634)]
    [InlineData(1, 20, 0.0089, 0.2361)]
    [InlineData(50, 1000, 0.0381, 0.0653)]
    public void Interval_KnownCases_AsPublished(long hits, long count, double low, double high)
    {
        var interval = Wilson.Interval(hits, count);
        interval.Low.Should().BeApproximately(low, 6e-5);
        interval.High.Should().BeApproximately(high, 6e-5);
    }
}
