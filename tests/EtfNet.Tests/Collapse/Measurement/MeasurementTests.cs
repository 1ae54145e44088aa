using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Collapse.Measurement;

public sealed class MeasurementTests
{
    [SeededProperty(50)]
    public void PairSummary_RowsOfAnyLength_EqualsTwoPasses(int seed)
    {
        var random = new Random(seed);
        // A deviation a million times below the mean: the square of the mean less the mean of squares has no digit of it.
        var values = Enumerable.Range(0, random.Next(1, 60)).Select(_ => 0.9 + 1e-7 * random.NextDouble()).ToArray();
        var summary = new PairSummary();
        for (var start = 0; start < values.Length;)
        {
            var end = Math.Min(values.Length, start + random.Next(0, 9));
            summary.Add(values.AsSpan(start..end));
            start = end;
        }

        var mean = values.Average();
        summary.Count.Should().Be(values.Length);
        summary.Mean.Should().BeApproximately(mean, 1e-15);
        summary.Deviation.Should().BeApproximately(Math.Sqrt(values.Average(value => Math.Pow(value - mean, 2))), 1e-15);
        (summary.Least, summary.Greatest).Should().Be((values.Min(), values.Max()));
    }

    [SeededProperty(60)]
    public void EtfResidual_AnyMatrix_EqualsTheDistance(int seed)
    {
        using var scope = NewDisposeScope();
        var count = 2 + seed % 7;
        var ideal = (eye(count, dtype: float64) - 1.0 / count) / Math.Sqrt(count - 1);
        // Far from the ideal, near it, and near its opposite.
        var matrix = (seed % 3) switch
        {
            0 => Sample.Normal(seed, count, count),
            1 => ideal * 7 + Sample.Normal(seed, count, count) * 1e-9,
            _ => ideal * -7 + Sample.Normal(seed, count, count) * 1e-3,
        };
        var residual = new EtfResidual(matrix.trace().item<double>(), matrix.sum().item<double>(), count);
        for (var row = 0; row < count; row++)
            residual.Add(row, matrix[row].data<double>().ToArray());
        var expected = (matrix / matrix.norm() - ideal).norm().item<double>();
        residual.Value.Should().BeApproximately(expected, 1e-14, $"seed {seed}");
    }

    [Fact]
    public void EtfResidual_OfTheIdealOrOfZero_Is0OrNothing()
    {
        var residual = new EtfResidual(2, 0, 3);
        residual.Add(0, [2 / 3.0, -1 / 3.0, -1 / 3.0]);
        residual.Add(1, [-1 / 3.0, 2 / 3.0, -1 / 3.0]);
        residual.Add(2, [-1 / 3.0, -1 / 3.0, 2 / 3.0]);
        residual.Value.Should().BeLessThan(1e-15);
        var zero = new EtfResidual(0, 0, 2);
        zero.Add(0, [0, 0]);
        zero.Add(1, [0, 0]);
        zero.Value.Should().BeNull();
    }

    [Fact]
    public void MeanRefinement_OffsetOfAMillion_GivesTheDigitsThatTheMeanLost()
    {
        using var scope = NewDisposeScope();
        // Exact in float64: eighths at an offset of a million, of counts that do not divide.
        var random = new Random(3);
        var labels = Enumerable.Range(0, 61).Select(i => (long)(i % 3)).ToArray();
        var eighths = labels.Select(_ => Enumerable.Range(0, 4).Select(_ => random.Next(-40, 40)).ToArray()).ToArray();
        var features = tensor(eighths.SelectMany(row => row.Select(value => 1e6 + value / 8.0)).ToArray()).reshape(61, 4);
        var statistics = Watched.StatisticsOf(features, tensor(labels));
        var refinement = new MeanRefinement(statistics);
        var other = new MeanRefinement(statistics);
        refinement.Add(FeatureRows.View(features), LabelGroups.Create([.. labels.Select(label => (int)label)]));
        refinement.IsComplete.Should().BeTrue();
        foreach (var start in new[] { 0, 30 })
        {
            var part = new MeanRefinement(statistics);
            var rows = features.narrow(0, start, start == 0 ? 30 : 31).contiguous();
            part.Add(FeatureRows.View(rows),
                LabelGroups.Create([.. labels.Skip(start).Take((int)rows.shape[0]).Select(label => (int)label)]));
            part.IsComplete.Should().BeFalse();
            other.Merge(part);
        }

        other.IsComplete.Should().BeTrue();
        foreach (var refined in new[] { refinement, other })
        {
            var points = PointSet.CenteredMeans(statistics, refined);
            for (var a = 0; a < 3; a++)
                for (var c = 0; c < 3; c++)
                {
                    var expected = Enumerable.Range(0, 4).Sum(j => Math.Pow(Mean(a, j) - Mean(c, j), 2));
                    points.SquaredDistance(a, c).Should().BeApproximately(expected, 1e-14 * expected);
                }
        }

        double Mean(int c, int j) => eighths.Where((_, i) => labels[i] == c).Average(row => row[j]) / 8;
    }

    [Fact]
    public void MeanRefinement_NotFiniteOrUnknownSamples_AreLeftOut()
    {
        using var scope = NewDisposeScope();
        var features = tensor(new[] { 1.0, 2, double.NaN, 4 }).reshape(4, 1);
        var statistics = Watched.StatisticsOf(features, tensor(new long[] { 0, 0, 0, 1 }));
        var refinement = new MeanRefinement(statistics);
        refinement.Add(FeatureRows.View(features), LabelGroups.Create([0, 0, 0, 1]));
        refinement.IsComplete.Should().BeTrue();
        var target = new double[1];
        refinement.AddTo(0, target);
        target[0].Should().Be(0);
    }

    [Fact]
    public void SquaredUnitDistance_CloseDirections_KeepsItsDigits()
    {
        using var scope = NewDisposeScope();
        for (var power = 0; power <= 9; power++)
        {
            var angle = Math.Pow(10, -power);
            var points = PointSet.Rows(tensor(new[] { 2.0, 0, 3 * Math.Cos(angle), 3 * Math.Sin(angle) }).reshape(2, 2));
            var expected = Math.Pow(2 * Math.Sin(angle / 2), 2);
            // The points themselves are rounded to 1e-16.
            points.SquaredUnitDistance(0, 1).Should().BeApproximately(expected, 1e-15 * Math.Sqrt(expected), $"an angle of 1e-{power}");
        }
    }

    [Fact]
    public void Select_SomeLabels_KeepsTheirRows()
    {
        using var scope = NewDisposeScope();
        var points = PointSet.Rows(arange(12, dtype: float64).reshape(4, 3)).Select([1, 3]);
        points.Labels.Should().Equal(1, 3);
        points.Values.Should().Equal(3, 4, 5, 9, 10, 11);
    }
}
