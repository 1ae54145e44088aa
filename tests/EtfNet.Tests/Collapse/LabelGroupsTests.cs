using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Collapse;

public sealed class LabelGroupsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    [InlineData(1_000_000)]
    public void Create_AnyLabels_GroupsRowsInOrder(int classes)
    {
        var random = new Random(classes);
        for (var seed = 0; seed < 20; seed++)
        {
            var labels = Enumerable.Range(0, random.Next(1, 80)).Select(_ => random.Next(classes)).ToArray();
            var groups = LabelGroups.Create(labels);

            groups.Labels.Should().Equal(labels);
            groups.Classes.Should().Equal(labels.Distinct().Order());
            for (var g = 0; g < groups.Classes.Length; g++)
                groups.Rows(g).ToArray().Should().Equal(Enumerable.Range(0, labels.Length).Where(row => labels[row] == groups.Classes[g]));
        }
    }

    [Fact]
    public void Create_NoLabels_HasNoGroups()
    {
        var groups = LabelGroups.Create([]);
        (groups.Count, groups.MaxLabel, groups.Classes.Length).Should().Be((0, -1, 0));
        groups.Cut(3).Should().Equal(0);
    }

    [SeededProperty(50)]
    public void Cut_AnyParts_CoversAllGroupsOnceInRunsOfLikeSize(int seed)
    {
        var random = new Random(seed);
        var labels = Enumerable.Range(0, 400).Select(_ => random.Next(1, 40)).ToArray();
        var groups = LabelGroups.Create(labels);
        var largest = Enumerable.Range(0, groups.Classes.Length).Max(g => groups.Rows(g).Length);
        foreach (var parts in new[] { 1, 2, 8, 100 })
        {
            var cuts = groups.Cut(parts);
            cuts.Should().BeInAscendingOrder().And.OnlyHaveUniqueItems();
            (cuts[0], cuts[^1]).Should().Be((0, groups.Classes.Length));
            cuts.Length.Should().BeLessThanOrEqualTo(parts + 1);
            for (var part = 1; part < cuts.Length; part++)
                Enumerable.Range(cuts[part - 1], cuts[part] - cuts[part - 1]).Sum(g => groups.Rows(g).Length)
                    .Should().BeLessThanOrEqualTo((400 / parts) + largest + 1);
        }
    }
}
