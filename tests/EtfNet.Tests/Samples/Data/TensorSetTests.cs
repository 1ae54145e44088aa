using EtfNet.Samples;
using FluentAssertions;
using TorchSharp;
using Xunit;

namespace EtfNet.Tests.Samples.Data;

public sealed class TensorSetTests
{
    [Fact]
    public void Standardize_TrainingImages_HaveMeanZeroAndDeviationOne()
    {
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        var data = new ImageData("", Images(30, seed: 1), Images(10, seed: 2), 10);

        var (train, test) = TensorSet.Standardize(data, torch.CPU);

        train.Inputs.shape.Should().Equal(30, 6);
        train.Labels.data<long>().Should().Equal(data.Train.Labels.Select(label => (long)label));
        var pixels = data.Train.Pixels.Select(pixel => (double)pixel).ToArray();
        var mean = pixels.Average();
        var deviation = Math.Sqrt(pixels.Average(pixel => (pixel - mean) * (pixel - mean)));
        Expect(train, data.Train);
        Expect(test, data.Test);
        train.Dispose();
        test.Dispose();
        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(before);

        void Expect(TensorSet set, LabeledImages images)
        {
            var found = set.Inputs.data<float>().ToArray();
            for (var i = 0; i < found.Length; i++)
                ((double)found[i]).Should().BeApproximately((images.Pixels[i] - mean) / deviation, 1e-5);
        }
    }

    private static LabeledImages Images(int count, int seed) => new(IdxBytes.Random(count * 6, seed), IdxBytes.Random(count, seed, below: 10), 3, 2);

    [Fact]
    public void Batches_Mirrored_TurnAboutHalfOfTheImagesAndNothingElse()
    {
        using var set = new TensorSet(torch.arange(2400, torch.float32).reshape(400, 6), torch.arange(400)) { RowLength = 3 };
        using var order = new torch.Generator(5);
        using var skipped = new torch.Generator(5);
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        var (turned, seen) = (0, 0);

        foreach (var (x, y) in set.Batches(64, order, mirror: true))
            foreach (var (image, label) in x.data<float>().ToArray().Chunk(6).Zip(y.data<long>().ToArray()))
            {
                var first = 6 * label;
                long[] upright = [first, first + 1, first + 2, first + 3, first + 4, first + 5];
                long[] mirrored = [first + 2, first + 1, first, first + 5, first + 4, first + 3];
                var isTurned = image[0] > first;
                image.Select(pixel => (long)pixel).Should().Equal(isTurned ? mirrored : upright);
                (turned, seen) = (turned + (isTurned ? 1 : 0), seen + 1);
            }

        set.SkipBatches(skipped, mirror: true);
        seen.Should().Be(400);
        turned.Should().BeInRange(160, 240);
        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(before);
        Next(order).Should().Be(Next(skipped));

        static double Next(torch.Generator generator)
        {
            using var number = torch.rand(1, torch.float64, generator: generator);
            return number.item<double>();
        }
    }

    [Fact]
    public void Batches_MirroredWithoutRows_Throw()
    {
        using var set = new TensorSet(torch.zeros(4, 6), torch.arange(4));
        using var order = new torch.Generator(5);
        FluentActions.Enumerating(() => set.Batches(2, order, mirror: true)).Should().Throw<InvalidOperationException>().WithMessage("*images*");
    }

    [Fact]
    public void Draw_Part_HoldsSamplesOnceWithTheirLabels()
    {
        using var set = new TensorSet(torch.arange(30, torch.float32).reshape(30, 1), torch.arange(30));

        using var part = set.Draw(10, seed: 3);
        using var again = set.Draw(10, seed: 3);
        using var all = set.Draw(99, seed: 3);

        part.Labels.data<long>().ToArray().Should().HaveCount(10).And.OnlyHaveUniqueItems().And.Equal(again.Labels.data<long>().ToArray());
        part.Inputs.data<float>().ToArray().Select(value => (long)value).Should().Equal(part.Labels.data<long>().ToArray());
        all.Count.Should().Be(30);
    }

    [Theory]
    [InlineData(0.0, 0.0, 0.0)]
    [InlineData(0.5, 0.40, 0.50)]
    [InlineData(1.0, 0.85, 0.95)]
    public void WithRandomLabels_Chance_ChangesThatShareBetweenClasses(double chance, double least, double most)
    {
        using var set = new TensorSet(torch.zeros(5000, 1), torch.arange(5000) % 10);

        using var noisy = set.WithRandomLabels(chance, classes: 10, seed: 1);

        var changed = noisy.Labels.data<long>().ToArray().Zip(set.Labels.data<long>().ToArray(), (a, b) => a != b).Count(differs => differs) / 5000.0;
        changed.Should().BeInRange(least, most);
        noisy.Labels.max().item<long>().Should().BeLessThan(10);
    }

    [Fact]
    public void SkipBatches_LeavesTheOrderWhereBatchesDo()
    {
        using var set = new TensorSet(torch.zeros(9, 1), torch.arange(9));
        using var walked = new torch.Generator(4);
        using var skipped = new torch.Generator(4);

        First(walked);
        set.SkipBatches(skipped);

        First(skipped).Should().Equal(First(walked));

        long[] First(torch.Generator order) => [.. set.Batches(4, order).Select(batch => batch.Y.data<long>().ToArray()).ToList().SelectMany(labels => labels)];
    }
}
