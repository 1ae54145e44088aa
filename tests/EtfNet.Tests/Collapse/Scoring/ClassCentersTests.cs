using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Collapse.Scoring;

public sealed class ClassCentersTests
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

                var expected = (values[1].to(float64) - values.to(float64).mean([0L])).data<double>().ToArray();

                Widths.Each(_ =>
                {
                    var norm = centers.Center(FeatureRows.View(values), 1, target);
                    target[..width].Zip(expected).Should().OnlyContain(pair => Math.Abs(pair.First - pair.Second) < 2e-6);
                    target[width].Should().Be(9);
                    ((double)norm).Should().BeApproximately(expected.Sum(value => value * value), 1e-5 * (1 + width));
                });
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
        centers.Stride.Should().Be(RowProducts.Multiple);
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
