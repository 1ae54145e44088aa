using FluentAssertions;

namespace EtfNet.Tests.Distributed;

/// <summary>What is expected of the ranks of <see cref="InProcessCollective.Run"/>.</summary>
internal static class RankResults
{
    public static void ShouldAllEnd(this IReadOnlyList<Exception?> ended) => ended.Should().OnlyContain(exception => exception == null);

    /// <summary>All end with the same error of the group.</summary>
    /// <param name="ended">What ended each rank.</param>
    /// <param name="error">The error.</param>
    /// <param name="ranks">The ranks that it names.</param>
    public static IReadOnlyList<CollectiveException> ShouldAllFail(
        this IEnumerable<Exception?> ended, CollectiveError error, params int[] ranks)
    {
        List<CollectiveException> failures = [.. ended.Select(exception => exception.Should().BeOfType<CollectiveException>().Subject)];
        failures.Should().NotBeEmpty();
        foreach (var failure in failures)
        {
            failure.Error.Should().Be(error, failure.Message);
            failure.Ranks.Should().Equal(ranks, failure.Message);
        }

        failures.Select(failure => failure.Message).Distinct().Should().ContainSingle("every rank says the same");
        return failures;
    }
}
