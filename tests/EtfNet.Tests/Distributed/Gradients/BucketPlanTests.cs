using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Distributed;

public sealed class BucketPlanTests
{
    [Fact]
    public void Cut_AnyLengths_CoversEachValueOnceInOrder_AndFillsEveryBucketButTheLast()
    {
        var random = new Random(8);
        for (var run = 0; run < 300; run++)
        {
            var capacity = random.Next(1, 30);
            long[] lengths = [.. Enumerable.Range(0, random.Next(0, 8)).Select(_ => (long)random.Next(0, 60))];
            var buckets = BucketPlan.Cut(lengths.Select((length, index) => (index, length)), capacity);

            buckets.SelectMany(pieces => pieces)
                .SelectMany(piece => Enumerable.Range(0, (int)piece.Length).Select(i => (piece.Tensor, piece.Start + i)))
                .Should().Equal(lengths.SelectMany((length, index) => Enumerable.Range(0, (int)length).Select(i => (index, (long)i))));
            long[] filled = [.. buckets.Select(pieces => pieces.Sum(piece => piece.Length))];
            filled.Should().Equal(filled.Select((values, index) => index + 1 < filled.Length ? capacity : values));
            filled.Append(1).Should().OnlyContain(values => values >= 1 && values <= capacity);
        }
    }

    [Fact]
    public void Cut_CapacityBelowOne_Throws() =>
        FluentActions.Invoking(() => BucketPlan.Cut([(0, 1)], 0)).Should().Throw<ArgumentOutOfRangeException>();
}
