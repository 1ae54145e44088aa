using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Collapse;

/// <summary>The kernels against plain loops, over widths around whole vectors, row counts around four, and all vectors.</summary>
public sealed class RowKernelsTests
{
    private static readonly ScalarType[] s_types = [float32, float64];

    [Fact]
    public void AddRows_AnyWidthAndCount_AreTheSums()
    {
        ForEach((features, values, rows, width, random) =>
        {
            var from = Numbers(random, width);
            var to = new double[width];
            RowKernels.AddRows(features, rows, from, to);
            for (var j = 0; j < width; j++)
                to[j].Should().BeApproximately(from[j] + rows.Sum(row => values[row * width + j]), 1e-13);
        });
    }

    [Fact]
    public void AddDeviations_AnyWidthAndCount_AreSumsAndSquares()
    {
        ForEach((features, values, rows, width, random) =>
        {
            var (center, start) = (Numbers(random, width), Numbers(random, width));
            var sum = start.ToArray();
            var squares = RowKernels.AddDeviations(features, rows, center, sum);
            squares.Should().BeApproximately(
                rows.Sum(row => Enumerable.Range(0, width).Sum(j => Math.Pow(values[row * width + j] - center[j], 2))), 1e-11);
            for (var j = 0; j < width; j++)
                sum[j].Should().BeApproximately(start[j] + rows.Sum(row => values[row * width + j] - center[j]), 1e-13);
        });
    }

    [Fact]
    public void Vectors_AnyWidth_AreScaledAddedAndMeasured()
    {
        var random = new Random(2);
        for (var width = 1; width < 40; width++)
        {
            var (source, target) = (Numbers(random, width), Numbers(random, width));
            var (scaled, added) = (new double[width], target.ToArray());
            RowKernels.Scale(source, 3, scaled);
            RowKernels.AddScaled(source, -2, added);
            scaled.Should().Equal(source.Select(value => 3 * value));
            added.Zip(source.Zip(target, (s, t) => t - 2 * s)).Should().OnlyContain(pair => Math.Abs(pair.First - pair.Second) < 1e-15);
            RowKernels.SquaredNorm(source).Should().BeApproximately(source.Sum(value => value * value), 1e-13);
        }
    }

    [Fact]
    public void IsFinite_OneBadValueAnywhere_IsSeen()
    {
        for (var width = 1; width < 20; width++)
        {
            var values = Enumerable.Repeat(double.MaxValue, width).ToArray();
            RowKernels.IsFinite(values).Should().BeTrue("no value is infinite, though their sum is");
            for (var j = 0; j < width; j++)
                foreach (var bad in new[] { double.NaN, double.PositiveInfinity, double.NegativeInfinity })
                {
                    (var good, values[j]) = (values[j], bad);
                    RowKernels.IsFinite(values).Should().BeFalse();
                    values[j] = good;
                }
        }
    }

    private delegate void Check(FeatureRows features, double[] values, int[] rows, int width, Random random);

    private static void ForEach(Check check)
    {
        var random = new Random(1);
        foreach (var type in s_types)
            foreach (var width in new[] { 1, 3, 4, 7, 8, 9, 16, 17, 31, 40 })
                for (var count = 1; count < 11; count++)
                {
                    using var scope = NewDisposeScope();
                    var features = Sample.Normal(width, 12, width).to(type);
                    var rows = Enumerable.Range(0, 12).OrderBy(_ => random.Next()).Take(count).ToArray();
                    Widths.Each(_ => check(FeatureRows.View(features), features.to(float64).data<double>().ToArray(), rows, width, random));
                }
    }

    private static double[] Numbers(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextDouble() - 0.5)];
}
