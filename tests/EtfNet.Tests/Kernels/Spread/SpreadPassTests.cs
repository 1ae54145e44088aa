using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Kernels.Spread;

/// <summary>The kernel against its formula in float64, and a convolution on it against one without it.</summary>
public sealed class SpreadPassTests
{
    private static readonly (ScalarType Type, double Tolerance)[] s_types = [(float64, 1e-14), (float32, 1e-6), (bfloat16, 1e-2)];

    private static readonly (long Batch, long Channels, long Outputs, long Rank, long Rows, long Columns)[] s_shapes =
    [
        (0, 4, 4, 3, 5, 5), (1, 1, 1, 1, 1, 1), (3, 7, 5, 1, 1, 1), (2, 6, 6, 16, 4, 4), (3, 5, 3, 8, 3, 7), (2, 64, 64, 32, 8, 8),
        (1, 9, 8, 16, 1, 40), (1, 4, 4, 2, 40, 1), (2, 3, 2, 4, 33, 31), (1, 2, 2, 512, 9, 9), (2, 10, 10, 0, 6, 6),
    ];

    private static long Live => DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

    [Fact]
    public void Apply_AnyShapeLayoutTypeAndWidth_IsTheFormula()
    {
        foreach (var (batch, channels, outputs, rank, rows, columns) in s_shapes)
            foreach (var (type, tolerance) in s_types)
                for (var layout = 0; layout < Layouts.Count; layout++)
                {
                    using var scope = NewDisposeScope();
                    var x = Layouts.Of(Sample.Normal(1, batch, channels, rows, columns).to(type), layout);
                    var left = (Sample.Normal(2, outputs, rank) / Math.Sqrt(Math.Max(1, rank))).to(type);
                    var coordinates = Layouts.Of(Sample.Normal(3, batch, rank, rows, columns).to(type), layout == 3 ? 3 : 0);
                    var product = left.to(float64).matmul(coordinates.to(float64).flatten(2)).view(batch, outputs, rows, columns);
                    var expected = 1.3 * (x.to(float64).narrow(1, 0, outputs) - product);
                    Widths.Each(width =>
                    {
                        var y = SpreadPass.TryApply(x, left, coordinates, 1.3);
                        if (layout == 0)
                            y.Should().NotBeNull();
                        if (y is null)
                            return;
                        y.shape.Should().Equal(batch, outputs, rows, columns);
                        (Sample.Max(y.to(float64) - expected) / (1 + Sample.Max(expected))).Should().BeLessThan(
                            tolerance, "{0} to {1} of rank {2}, {3} x {4} in layout {5} on {6}", channels, outputs, rank, rows, columns,
                            layout, width);
                    });
                }
    }

    [Fact]
    public void Apply_OnThreads_ChangesNoDigit()
    {
        using var scope = NewDisposeScope();
        var (x, left) = (Sample.Normal(1, 9, 50, 20, 20).to(float32), Sample.Normal(2, 50, 16).to(float32));
        var coordinates = Sample.Normal(3, 9, 16, 20, 20).to(float32);
        var alone = Threads.Run(1, () => SpreadPass.TryApply(x, left, coordinates, 1)!);
        Sample.Max(Threads.Run(3, () => SpreadPass.TryApply(x, left, coordinates, 1)!) - alone).Should().Be(0);
    }

    [Fact]
    public void Apply_UnsupportedTensor_GivesNull()
    {
        using var scope = NewDisposeScope();
        var (x, left, coordinates) = (ones(2, 4, 5, 6), ones(4, 3), ones(2, 3, 5, 6));
        SpreadPass.TryApply(x, left, coordinates, 1).Should().NotBeNull();
        SpreadPass.TryApply(x.to(float16), left.to(float16), coordinates.to(float16), 1).Should().BeNull();
        SpreadPass.TryApply(x, left.to(float64), coordinates, 1).Should().BeNull();
        SpreadPass.TryApply(x, left, coordinates.to(float64), 1).Should().BeNull();
        SpreadPass.TryApply(x, ones(3, 4).t(), coordinates, 1).Should().BeNull("rows of the factor are no runs");
        SpreadPass.TryApply(x, ones(5, 3), coordinates, 1).Should().BeNull("there are fewer channels than outputs");
        SpreadPass.TryApply(x, ones(4, 2), coordinates, 1).Should().BeNull();
        SpreadPass.TryApply(x, left, ones(2, 3, 5, 5), 1).Should().BeNull();
        SpreadPass.TryApply(x, left, ones(1, 3, 5, 6), 1).Should().BeNull();
        SpreadPass.TryApply(x[0], left, coordinates[0], 1).Should().BeNull();
        SpreadPass.TryApply(Layouts.Of(x, 1), left, coordinates, 1).Should().BeNull("channels last");
        using (NativeTorch.Force(null))
            SpreadPass.TryApply(x, left, coordinates, 1).Should().BeNull();
    }

    [Theory]
    [InlineData(8, 8, 1, 1)]
    [InlineData(6, 8, 1, 1)]
    [InlineData(8, 6, 1, 1)]
    [InlineData(8, 8, 2, 1)]
    [InlineData(8, 8, 1, 0)]
    public void Convolution_WithAndWithoutTheKernel_AgreeInOutputsAndGradientsAndLeakNothing(
        long inChannels, long outChannels, long stride, long padding)
    {
        foreach (var (type, tolerance) in s_types[..2])
        {
            using var scope = NewDisposeScope();
            var patch = inChannels * 9;
            var etf = SimplexEtf.AlignedTo(Sample.Normal(1, outChannels, patch), Sample.Normal(2, 200, patch), 3);
            using var layer = new SimplexEtfConv2d(etf, inChannels, 3, stride, padding, dtype: type);
            var x = Sample.Normal(3, 3, inChannels, 7, 9).to(type).requires_grad_(true);
            var (y, gradient) = Step(layer, x);
            var live = Live;
            using (NewDisposeScope())
            {
                (Tensor Y, Tensor Gradient) plain;
                using (NativeTorch.Force(null))
                    plain = Step(layer, x);
                Sample.Max(y - plain.Y).Should().BeLessThan(100 * tolerance);
                Sample.Max(gradient - plain.Gradient).Should().BeLessThan(100 * tolerance);
                Step(layer, x);
            }

            Live.Should().Be(live);
        }
    }

    private static (Tensor Y, Tensor Gradient) Step(SimplexEtfConv2d layer, Tensor x)
    {
        var y = layer.call(x);
        y.square().sum().backward();
        var gradient = x.grad!.clone();
        x.grad = null;
        return (y.detach(), gradient);
    }
}
