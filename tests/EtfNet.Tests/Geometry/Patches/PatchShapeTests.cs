using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Geometry.Patches;

public sealed class PatchShapeTests
{
    [Fact]
    public void ToMatrix_AnyKernel_HasItsNumbersInFrameOrder()
    {
        foreach (var patch in new PatchShape[] { new(3, 3, 3), new(2, 2, 4), new(1, 1, 1), new(4, 1, 5), new(2, 5, 1) })
        {
            using var scope = NewDisposeScope();
            var kernel = Sample.Normal(1, 2, patch.Channels, patch.Height, patch.Width);
            var matrix = patch.ToMatrix(kernel);
            matrix.shape.Should().Equal(2, patch.Size);
            foreach (var ((channel, row, column), index) in RandomConvolution.FrameOrder(patch).Select((place, index) => (place, index)))
                matrix[1, index].item<double>().Should().Be(kernel[1, channel, row, column].item<double>());
            var back = patch.ToKernel(matrix);
            Sample.Max(back - kernel).Should().Be(0);
            back.stride().Should().Equal(kernel.stride(), "strides of a permuted kernel would make outputs channels-last");
            PatchShape.Of(kernel).Should().Be(patch);
        }
    }

    [Fact]
    public void ToKernel_FewerColumns_HasZerosInTheOthers()
    {
        using var scope = NewDisposeScope();
        var patch = new PatchShape(2, 3, 3);
        var kernel = patch.ToKernel(ones(1, 3));
        kernel.sum().item<float>().Should().Be(3);
        kernel[0, 1, 1, 1].item<float>().Should().Be(1);
        kernel[0, 0, 0, 0].item<float>().Should().Be(1, "the third number is that of the first other tap");
    }

    [Theory]
    [InlineData(3, 3, 0, 1, 1)]
    [InlineData(3, 3, 1, 0, 0)]
    [InlineData(3, 3, 5, 1, 2)]
    [InlineData(4, 4, 0, 2, 2)]
    [InlineData(2, 2, 0, 1, 1)]
    [InlineData(1, 2, 0, 0, 1)]
    public void Tap_ByPlace_IsTheMiddleAndThenRowByRow(long height, long width, long place, long row, long column) =>
        new PatchShape(1, height, width).Tap(place).Should().Be((row, column));
}
