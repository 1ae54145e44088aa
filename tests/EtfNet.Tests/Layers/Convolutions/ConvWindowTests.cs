using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Layers.Convolutions;

public sealed class ConvWindowTests
{
    /// <summary>A layer in the place of a TorchSharp one does what that one does with the frame as its kernel, its padding in every mode
    /// included.</summary>
    [SeededProperty(120)]
    public void ReplacementFor_AnyConvolution_ActsAsItWithTheFrameAsKernel(int seed)
    {
        using var scope = NewDisposeScope();
        var drawn = new RandomConvolution(seed, ScalarType.Float64);
        using var own = drawn.Layer;
        using var dense = drawn.Dense;
        dense.weight = new Parameter(drawn.Unit.clone());
        dense.bias = null!;
        dense.eval();
        using var layer = SimplexEtfConvolution.ReplacementFor(dense, drawn.Etf.WithScale(1), null);
        layer.training.Should().BeFalse();
        layer.GetType().Should().Be(own.GetType());
        Sample.Max(layer.call(drawn.Input.detach()) - dense.call(drawn.Input.detach())).Should().BeLessThan(1e-11, drawn.Description);
    }

    /// <summary>TorchSharp 0.107 pads rows as columns here; the layer in its place does the same, and its dense form too.</summary>
    [Fact]
    public void ReplacementFor_SamePaddingOfAnOblongKernel_DoesWhatTorchSharpDoes()
    {
        using var scope = NewDisposeScope();
        using var conv = nn.Conv2d(16, 16, (3, 1), Padding.Same, padding_mode: PaddingModes.Circular, bias: false,
            dtype: ScalarType.Float64);
        var etf = SimplexEtf.NearestTo(SimplexEtfConvolution.KernelToMatrix(conv.weight));
        using var layer = (SimplexEtfConv2d)SimplexEtfConvolution.ReplacementFor(conv, etf, null);
        using var dense = layer.ToDense();
        conv.weight = new Parameter(dense.weight.detach().clone());
        var x = Sample.Normal(1, 2, 16, 5, 5);
        layer.call(x).shape.Should().Equal(conv.call(x).shape);
        Sample.Max(layer.call(x) - conv.call(x)).Should().BeLessThan(1e-12);
        Sample.Max(dense.call(x) - conv.call(x)).Should().BeLessThan(1e-12);
    }

    [Fact]
    public void Obstacle_LayersWithoutFrame_SaysWhy()
    {
        using var grouped = nn.Conv2d(8, 8, 3, groups: 2);
        using var depthwise = nn.Conv2d(8, 8, 3, groups: 8);
        using var transposed = nn.ConvTranspose2d(8, 8, 3);
        using var volumes = nn.Conv3d(8, 8, 3);
        using var plain = nn.Conv2d(8, 8, 3);
        ConvWindow.Obstacle(grouped).Should().Contain("2 groups");
        ConvWindow.Obstacle(depthwise).Should().Contain("depthwise");
        ConvWindow.Obstacle(transposed).Should().Contain("transposed");
        ConvWindow.Obstacle(volumes).Should().Contain("Conv3d");
        ConvWindow.Obstacle(plain).Should().BeNull();
        var etf = SimplexEtf.Create(EtfFrame.Identity, 8, 72);
        foreach (var layer in new Convolution[] { grouped, depthwise, transposed, volumes })
            FluentActions.Invoking(() => SimplexEtfConvolution.ReplacementFor(layer, etf, null)).Should().Throw<ArgumentException>()
                .WithMessage("*No frame stands in*");
        FluentActions.Invoking(() => SimplexEtfConvolution.ReplacementFor(plain, SimplexEtf.Create(EtfFrame.Identity, 9, 72), null))
            .Should().Throw<ArgumentException>().WithMessage("*9 rows*8 outputs*");
        var narrow = etf.Header with { Shape = new FrameShape(8, 71, false) };
        FluentActions.Invoking(() => SimplexEtfConvolution.ReplacementFor(plain, narrow, null))
            .Should().Throw<ArgumentException>().WithMessage("*71 columns*");
    }
}
