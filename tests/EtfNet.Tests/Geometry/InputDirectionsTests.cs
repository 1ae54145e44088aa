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
}
