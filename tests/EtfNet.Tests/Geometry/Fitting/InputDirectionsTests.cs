using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Geometry;

public sealed class InputDirectionsTests
{
    [Theory]
    [InlineData(100, 30)]
    [InlineData(20, 30)]
    public void Leading_AnySample_AreTheRightSingularVectors(int count, int width)
    {
        using var scope = NewDisposeScope();
        var sample = Sample.Normal(1, count, width);
        var directions = InputDirections.Leading(sample, 1, 5);
        var right = linalg.svd(sample, fullMatrices: false).Vh.narrow(0, 0, 5);
        Sample.Max(right.mm(directions).abs() - eye(5, dtype: ScalarType.Float64)).Should().BeLessThan(1e-9);
    }

    [Fact]
    public void Leading_WideSample_HoldsAlmostTheMostEnergy()
    {
        using var scope = NewDisposeScope();
        // Slowly falling energies: the hard case for an iteration.
        var sample = Sample.Normal(2, 700, 600) * linspace(2, 0.5, 600, dtype: ScalarType.Float64);
        var directions = InputDirections.Leading(sample, 1, 10);
        Sample.Max(directions.t().mm(directions) - eye(10, dtype: ScalarType.Float64)).Should().BeLessThan(1e-13);
        var most = linalg.svdvals(sample).narrow(0, 0, 10).square().sum().item<double>();
        sample.mm(directions).square().sum().item<double>().Should().BeInRange(0.99 * most, most * (1 + 1e-12));
        Sample.Max(InputDirections.Leading(sample, 1, 10) - directions).Should().Be(0, "the same sample gives the same directions");
    }

    [Fact]
    public void Leading_ZeroSample_IsEmpty()
    {
        using var scope = NewDisposeScope();
        InputDirections.Leading(zeros(10, 6, dtype: ScalarType.Float64), 0.9, 3).shape.Should().Equal(6, 0);
        InputDirections.Leading(zeros(1, 700, dtype: ScalarType.Float64), 1, 3).shape.Should().Equal(700, 0);
    }

    [Theory]
    [InlineData(0.39, 9, 1)]
    [InlineData(0.41, 9, 2)]
    [InlineData(0.69, 9, 2)]
    [InlineData(0.71, 9, 3)]
    [InlineData(1, 9, 5)]
    [InlineData(1, 2, 2)]
    public void Leading_ShareOfTheEnergy_TakesTheLeastNumberThatHoldsIt(double energy, long maxRank, long rank)
    {
        using var scope = NewDisposeScope();
        // Energies 4, 3, 2, 1 and two that are next to nothing, one above and one below what counts.
        var energies = tensor(new[] { 4.0, 3, 2, 1, 1e-10, 1e-13 });
        var directions = InputDirections.Leading(Sample.Orthonormal(1, 30, 6) * energies.sqrt(), energy, maxRank);
        directions.shape.Should().Equal(6, rank);
        Sample.Max(directions.abs() - eye(6, dtype: ScalarType.Float64).narrow(1, 0, rank)).Should().BeLessThan(1e-4);
    }

    [Fact]
    public void ClassMeans_LabelsOfEitherType_AreMeansByTheRootOfTheirCounts()
    {
        using var scope = NewDisposeScope();
        var sample = tensor(new[] { 1.0, 2, 3, 4, 5, 6, 7, 9 }).reshape(4, 2);
        foreach (var type in new[] { ScalarType.Int64, ScalarType.Int32 })
        {
            // Class 1 has three samples of mean (3, 4), class 3 one; classes 0 and 2 none.
            var means = InputDirections.ClassMeans(sample, tensor(new long[] { 1, 1, 1, 3 }).to(type));
            var wanted = tensor(new[] { 0, 0, 3 * Math.Sqrt(3), 4 * Math.Sqrt(3), 0, 0, 7, 9 }).reshape(4, 2);
            Sample.Max(means - wanted).Should().BeLessThan(1e-14);
        }
    }
}
