using EtfNet.Samples;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Samples.Experiments;

public sealed class ResultTableTests
{
    [Theory]
    [InlineData(new[] { 0.9039, 0.9031, 0.9040 }, "0.00%", "90.37 ± 0.05")]
    [InlineData(new[] { 0.9039 }, "0.00%", "90.39")]
    [InlineData(new[] { 5.0, 5.0 }, "0.#", "5")]
    [InlineData(new[] { 1.0, 3.0 }, "0.00", "2.00 ± 1.41")]
    public void ToText_Numbers_IsMeanAndDeviationOfTheSample(double[] values, string format, string text) =>
        Spread.Of(values.Select(value => (double?)value)).ToText(format).Should().Be(text);

    [Fact]
    public void ToText_MissingNumber_IsADash() => Spread.Of([1, null]).ToText("0.0").Should().Be("-");

    [Fact]
    public void ToMarkdown_Cells_AreEscaped() =>
        new ResultTable("Title", ["a", "b"], [["x|y", "1"]]).ToMarkdown().Should().Be("**Title**\n\n| a | b |\n| --- | ---: |\n| x\\|y | 1 |\n");
}
