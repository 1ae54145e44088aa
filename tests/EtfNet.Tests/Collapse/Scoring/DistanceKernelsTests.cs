using System.Numerics;
using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Collapse.Scoring;

public sealed class DistanceKernelsTests
{
    [Fact]
    public void Center_AnyWidthAndType_IsTheRowLessTheGlobalMean()
    {
        foreach (var type in new[] { float32, float64 })
            for (var width = 1; width < 40; width++)
            {
                using var scope = NewDisposeScope();
                var values = Sample.Normal(width, 3, width).to(type) + 5;
                var statistics = new ClassStatistics(width);
                statistics.Add(values, tensor(new long[] { 0, 1, 1 }));
                var centers = ClassCenters.Create(statistics);
                var target = new float[width + 1];
                target[width] = 9;

                var norm = DistanceKernels.Center(FeatureRows.View(values), 1, centers, target);

                var expected = (values[1].to(float64) - values.to(float64).mean([0L])).data<double>().ToArray();
                target[..width].Zip(expected).Should().OnlyContain(pair => Math.Abs(pair.First - pair.Second) < 2e-6);
                target[width].Should().Be(9);
                ((double)norm).Should().BeApproximately(expected.Sum(value => value * value), 1e-5 * (1 + width));
            }
    }

    [Fact]
    public void Products_AnyStrideAndCount_AreAllInnerProducts()
    {
        for (var vectors = 1; vectors < 4; vectors++)
            for (var count = 1; count < 8; count++)
            {
                var stride = vectors * Vector<float>.Count;
                var random = new Random(count);
                var (rows, centers) = (Numbers(4 * stride), Numbers(count * stride));
                var products = new float[4 * count];
                DistanceKernels.Products(rows, centers, stride, count, products);
                for (var r = 0; r < 4; r++)
                    for (var k = 0; k < count; k++)
                        products[r * count + k].Should().BeApproximately(Enumerable.Range(0, stride).Sum(i => rows[r * stride + i] * centers[k * stride + i]), 1e-5f);

                float[] Numbers(int length) => [.. Enumerable.Range(0, length).Select(_ => (float)(random.NextDouble() - 0.5))];
            }
    }

    [Fact]
    public void Create_Centers_AreMeansSeenFromTheGlobalMeanWithTheirFactors()
    {
        using var scope = NewDisposeScope();
        var statistics = new ClassStatistics(1);
        // Class 1 is absent. The mean of all is 3.
        statistics.Add(tensor(new[] { 1f, 3, 0, 8 }).reshape(4, 1), tensor(new long[] { 0, 0, 2, 3 }));
        var centers = ClassCenters.Create(statistics);
        centers.Stride.Should().Be(Vector<float>.Count);
        centers.Classes.Should().Equal(0, 2, 3);
        centers.IndexOf.Should().Equal(0, -1, 1, 2);
        centers.Global[0].Should().Be(3);
        new[] { centers.Row(0)[0], centers.Row(1)[0], centers.Row(2)[0] }.Should().Equal(-1, -3, 5);
        centers.SquaredNorms.Should().Equal(1, 9, 25);
        centers.MaxNorm.Should().Be(5);
        centers.OwnFactors.Should().Equal(4, float.PositiveInfinity, float.PositiveInfinity);
        ClassCenters.Create(statistics, leaveOneOut: false).OwnFactors.Should().Equal(1, 1, 1);
        ClassCenters.OwnFactor(3).Should().Be(2.25);
    }
}
