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
}
