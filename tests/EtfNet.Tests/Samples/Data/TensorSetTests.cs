using EtfNet.Samples;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Samples.Data;

public sealed class TensorSetTests
{
    [Theory]
    [InlineData(65, 16, 4)]
    [InlineData(64, 16, 4)]
    [InlineData(66, 16, 5)]
    [InlineData(1, 16, 1)]
    public void Batches_RandomOrder_HaveEachSampleOnceAndNoSingleOneAtTheEnd(int count, int size, int batches)
    {
        using var set = Numbers(count);

        var seen = set.Batches(size, seed: 3).Select(batch => (X: batch.X.data<float>().ToArray(), Y: batch.Y.data<long>().ToArray()))
            .ToList();

        seen.Should().HaveCount(batches);
        seen.SelectMany(batch => batch.Y).Should().OnlyHaveUniqueItems().And.HaveCount(Math.Min(count, count == 1 ? 1 : batches * size));
        seen.Should().OnlyContain(batch => batch.X.Select(value => (long)value).SequenceEqual(batch.Y));
    }

    [Fact]
    public void Batches_SameSeed_AreTheSameAndLeaveNothingBehind()
    {
        using var set = Numbers(50);
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

        Order(3).Should().Equal(Order(3)).And.NotEqual(Order(4));
        Order(null).Should().Equal(Enumerable.Range(0, 50).Select(i => (long)i));

        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(before);

        List<long> Order(long? seed) => [.. set.Batches(16, seed).SelectMany(batch => batch.Y.data<long>().ToArray())];
    }

    [Fact]
    public void Batches_CallersTensor_OutlivesTheBatch()
    {
        using var set = Numbers(50);
        Tensor? kept = null;

        foreach (var (x, _) in set.Batches(16, seed: 1))
            kept ??= x + 1;

        kept!.IsInvalid.Should().BeFalse();
        kept.Dispose();
    }

    [Fact]
    public void Batches_Mirrored_TurnAboutHalfOfTheImagesAndNothingElse()
    {
        using var set = new TensorSet(arange(2400, float32).reshape(400, 1, 2, 3), arange(400));
        var turned = 0;
        foreach (var (x, y) in set.Batches(100, seed: 1, mirror: true))
        {
            var plain = set.Inputs.index_select(0, y);
            for (var i = 0; i < 100; i++)
            {
                var (found, asItWas) = (x[i].data<float>().ToArray(), plain[i].data<float>().ToArray());
                var isTurned = !found.SequenceEqual(asItWas);
                if (isTurned)
                    found.Should().Equal(plain[i].flip(-1).data<float>().ToArray());
                turned += isTurned ? 1 : 0;
            }
        }

        turned.Should().BeInRange(160, 240);
    }

    [Fact]
    public void Batches_Shifted_HoldEachImageAtAnyPlaceWithZerosAround()
    {
        using var set = new TensorSet((arange(400 * 2 * 3 * 4, float32) + 1).reshape(400, 2, 3, 4), arange(400));
        var places = new HashSet<(int Down, int Right)>();
        foreach (var (x, y) in set.Batches(100, seed: 1, shift: 1))
        {
            var plain = set.Inputs.index_select(0, y);
            for (var i = 0; i < 100; i++)
            {
                var place = Enumerable.Range(0, 9).Select(p => (Down: (p / 3) - 1, Right: (p % 3) - 1))
                    .Single(p => x[i].data<float>().SequenceEqual(Moved(plain[i], p.Down, p.Right)));
                places.Add(place);
            }
        }

        places.Should().HaveCount(9);

        static IEnumerable<float> Moved(Tensor image, int down, int right) =>
            from channel in Enumerable.Range(0, 2)
            from row in Enumerable.Range(0, 3)
            from column in Enumerable.Range(0, 4)
            let source = (Row: row - down, Column: column - right)
            select source.Row is >= 0 and < 3 && source.Column is >= 0 and < 4
                ? image[channel, source.Row, source.Column].item<float>() : 0;
    }

    [Fact]
    public void Evaluate_KnownPredictions_IsTheShareThatIsRightAndTheMeanCrossEntropy()
    {
        using var set = new TensorSet(eye(10).repeat(3, 1), arange(30) % 10);
        set.Labels[0] = tensor(5L);
        using var model = nn.Identity();

        set.Evaluate(model).Loss.Should().BeApproximately(Math.Log(Math.E + 9) - (29.0 / 30), 1e-6);
        set.AccuracyOf(model).Should().BeApproximately(29.0 / 30, 1e-12);
        model.training.Should().BeTrue();
    }

    private static TensorSet Numbers(int count) => new(arange(count, float32), arange(count));
}
