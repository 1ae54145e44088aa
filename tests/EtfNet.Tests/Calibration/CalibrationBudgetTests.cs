using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Xunit;

namespace EtfNet.Tests.Calibration;

public sealed class CalibrationBudgetTests
{
    [Fact]
    public void Of_LongEpochs_TakesAllSamples_AndAllowsMorePasses()
    {
        var budget = CalibrationBudget.Of(60_000, 0.1, 2048, tries: 2);
        budget.Rows.Should().Be(2048);
        budget.Passes(2048).Should().Be(8, "8 x 2048 of the 18,000 forwards in a tenth of 60,000 steps");
    }

    [Fact]
    public void Of_MiddlingEpochs_TakesFewerSamples_SoThatAllLayersAreTried()
    {
        var budget = CalibrationBudget.Of(10_000, 0.1, 2048, tries: 2);
        budget.Rows.Should().Be(1000);
        budget.Passes(1000).Should().Be(3);
    }

    [Fact]
    public void Of_ShortEpochs_TakesEnoughToJudgeOneLayer()
    {
        var budget = CalibrationBudget.Of(500, 0.1, 2048, tries: 2);
        budget.Rows.Should().Be(256);
        budget.Passes(256).Should().Be(2);
        CalibrationBudget.Of(500, 0.1, 64, tries: 2).Rows.Should().Be(64, "the user wants no more");
    }

    [Fact]
    public void Of_WithoutALimit_TakesAll()
    {
        CalibrationBudget.Of(500, double.PositiveInfinity, 2048, 100).Rows.Should().Be(2048);
        CalibrationBudget.Of(null, 0.1, 2048, 100).Passes(2048).Should().Be(int.MaxValue);
        CalibrationBudget.Of(long.MaxValue, 0.1, 2048, int.MaxValue).Passes(0).Should().Be(int.MaxValue);
    }

    [Property(MaxTest = 500)]
    public Property Passes_StayWithinTheShare_OrAreTheFewest() => Prop.ForAll(
        (from rows in Gen.Choose(0, 200_000)
         from hundredths in Gen.Choose(1, 100)
         from samples in Gen.Choose(64, 5000)
         from tries in Gen.Choose(1, 40)
         from batch in Gen.Choose(1, 1000)
         select (rows, share: hundredths / 100.0, samples, tries, batch)).ToArbitrary(),
        entry =>
        {
            var budget = CalibrationBudget.Of(entry.rows, entry.share, entry.samples, entry.tries);
            // Whole batches: where the least is asked for, they may hold more.
            var kept = budget.Rows > budget.Least ? budget.Rows : budget.Rows + entry.batch - 1;
            var passes = budget.Passes(kept);
            budget.Rows.Should().BeInRange(Math.Min(256, entry.samples), entry.samples);
            passes.Should().BeGreaterThanOrEqualTo(2);
            (passes == 2 || passes * kept <= entry.share * 3 * entry.rows).Should().BeTrue();
        });
}
