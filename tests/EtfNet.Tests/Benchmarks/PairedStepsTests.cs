using EtfNet.Benchmarks.Paired;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Benchmarks;

public sealed class PairedStepsTests
{
    /// <summary>In a round of four, the second step scores: it costs 8% more, the others nothing.</summary>
    private static readonly double[] s_factors = [1, 1.08, 1, 1];

    [Fact]
    public void Estimate_BusySpellsAndOutliers_FindsTheGeometricMeanOfThePlaces()
    {
        var truth = Math.Exp(s_factors.Average(Math.Log));
        var found = Steps(rounds: 400, seed: 1).Estimate();
        found.Ratio.Should().BeApproximately(truth, 0.004);
        found.Low.Should().BeLessThan(truth).And.BeGreaterThan(truth - 0.01);
        found.High.Should().BeGreaterThan(truth).And.BeLessThan(truth + 0.01);
    }

    [Fact]
    public void Estimate_MoreRounds_NarrowsTheInterval()
    {
        var (few, many) = (Steps(rounds: 40, seed: 2).Estimate(), Steps(rounds: 1000, seed: 2).Estimate());
        (many.High - many.Low).Should().BeLessThan((few.High - few.Low) / 3);
    }

    [Fact]
    public void Estimate_Intervals_CoverTheTruthAboutAsOftenAsTheySay()
    {
        var truth = Math.Exp(s_factors.Average(Math.Log));
        var covered = Enumerable.Range(0, 100).Select(seed => Steps(rounds: 60, seed).Estimate())
            .Count(found => found.Low <= truth && truth <= found.High);
        covered.Should().BeInRange(85, 100);
    }

    /// <summary>Steps of 100 ms on a machine that others slow down by up to a half for some rounds, with noise on each step and one outlier
    /// in twenty.</summary>
    private static PairedSteps Steps(int rounds, int seed)
    {
        var random = new Random(seed);
        var steps = new PairedSteps();
        for (var round = 0; round < rounds; round++)
        {
            var spell = 100 * (round / 7 % 3 == 0 ? 1.5 : 1);
            steps.Add([.. s_factors.Select(_ => Noisy(spell))], [.. s_factors.Select(factor => Noisy(spell * factor))]);
        }

        return steps;

        double Noisy(double milliseconds) => milliseconds * (1 + 0.05 * (random.NextDouble() - 0.5)) * (random.Next(20) == 0 ? 3 : 1);
    }
}
