using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Modules;

public sealed class NamePatternTests
{
    [Theory]
    [InlineData("fc1", "fc1", true)]
    [InlineData("fc1", "fc10", false)]
    [InlineData("fc*", "fc10", true)]
    [InlineData("blocks.*.up", "blocks.3.up", true)]
    [InlineData("blocks.*.up", "blocks.3.ff.up", true)]
    [InlineData("fc?", "fc10", false)]
    [InlineData("FC1", "fc1", false)]
    public void Matches_PatternAndName_AsDocumented(string pattern, string name, bool expected) =>
        NamePattern.Matches(pattern, name).Should().Be(expected);
}
