using EtfNet.Benchmarks.Limits;
using EtfNet.Benchmarks.Measuring;
using EtfNet.Benchmarks.Paired;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Benchmarks;

public sealed class RatioTableTests
{
    [Fact]
    public void All_Names_AreThoseOfTheDocsAndOfCommittedResults() =>
        RatioTable.All.Select(ratio => ratio.Name).Distinct().Should().Equal(
            "identity", "aligned", "random", "convIdentity", "convAligned", "convNearest", "convStep", "identityForward",
            "nearestConstruction", "identityConstruction", "randomConstruction", "trainingStepFixed", "trainingBytesFixed", "nccOverhead",
            "nccOverheadEveryBatch", "nccOverheadAllCheap", "nccOverheadAll", "nccOverheadManyClasses", "nccEvaluate", "nccEvaluateAll",
            "nccScoring", "nc1ManyClasses", "transformerBlock", "transformerBlockUnitScale");

    [Theory]
    [InlineData("convIdentity", 64, 256, 512)]
    [InlineData("convAligned", 64, 256, 512)]
    [InlineData("convNearest", 64, 256, 512)]
    [InlineData("identity", 1024, 1024, 4096, 4096)]
    [InlineData("nccOverheadManyClasses", 512)]
    [InlineData("nc1ManyClasses", 512)]
    public void All_Widths_AreThoseOfTheTargets(string name, params int[] widths) =>
        RatioTable.All.Where(ratio => ratio.Name == name).Select(ratio => ratio.Width).Should().Equal(widths.Select(width => (long)width));

    [Fact]
    public void All_WorkAndReference_AreMethodsOfSubjects() =>
        RatioTable.All.OfType<AlternatedRatio>().SelectMany(ratio => new[] { ratio.Work.Target, ratio.Other.Target })
            .Should().AllBeAssignableTo<Subject>();

    [Fact]
    public void Measure_Bytes_ComparesWhatIsHeld()
    {
        var (once, twice) = (new PlainCopy { Bytes = 1 << 12 }, new PlainCopy { Bytes = 1 << 13 });
        var ratio = new AlternatedRatio("bytes", "twice", 0, 1, null, once.Copy, twice.Copy) { ComparesBytes = true };
        ratio.Measure(TimeSpan.Zero).Should().BeEquivalentTo(
            new { MedianMs = 4096.0, ReferenceMs = 8192.0, Ratio = 0.5, Unit = "B", OfCopy = (double?)null });
    }

    [Fact]
    public void Measure_CopyAgainstItself_HasARateAndTheShareOfACopy()
    {
        var copy = new PlainCopy { Bytes = 1 << 12 };
        var result = new AlternatedRatio("copy", "itself", 0, 1, null, copy.Copy, copy.Copy).Measure(TimeSpan.Zero);
        result.Ratio.Should().Be(result.MedianMs / result.ReferenceMs);
        result.GigabytesPerSecond.Should().BeApproximately((1 << 12) / result.MedianMs / 1e6, 1e-9);
        result.OfCopy.Should().BePositive();
        copy.LiveTensorBytes.Should().Be(0, "a measurement releases its subjects");
    }
}
