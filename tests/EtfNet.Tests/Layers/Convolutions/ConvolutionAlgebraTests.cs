using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Layers.Convolutions;

/// <summary>The layers against dense algebra in float64.</summary>
public sealed class ConvolutionAlgebraTests
{
    /// <summary>Half of the shapes in float64, where any number of channels is safe, and the others in the narrower types.</summary>
    private static readonly (ScalarType Type, double Tolerance)[] s_types =
    [
        (ScalarType.Float64, 1e-12), (ScalarType.Float32, 1e-5), (ScalarType.Float64, 1e-12), (ScalarType.BFloat16, 2e-2),
        (ScalarType.Float64, 1e-12), (ScalarType.Float16, 5e-3),
    ];

    [Theory]
    [InlineData(Natives.All), InlineData(Natives.NoKernels)]
    public void Passes_AnyShapeFrameAndType_EqualDenseAlgebra(Natives natives)
    {
        using var forced = natives.Force();
        var seen = new HashSet<(EtfFrameKind Kind, bool IsColumnFrame, bool IsCentered, ScalarType Type)>();
        for (var seed = 0; seed < 600; seed++)
        {
            using var scope = NewDisposeScope();
            var (type, tolerance) = s_types[seed % s_types.Length];
            var drawn = new RandomConvolution(seed, type);
            using var layer = drawn.Layer;
            using var dense = drawn.Dense;
            seen.Add((drawn.Etf.Kind, drawn.Etf.IsColumnFrame, layer.Frame.IsCentered, type));
            var output = layer.call(drawn.Input);
            output.dtype.Should().Be(type);
            var direction = Sample.Normal(seed + 2, output.shape).to(type);
            output.backward([direction]);

            // The same in float64, by TorchSharp's own layer with the dense kernel.
            var x = drawn.Input.detach().to(ScalarType.Float64).requires_grad_(true);
            var s = tensor(drawn.Etf.Scale, ScalarType.Float64).requires_grad_(true);
            dense.weight = new Parameter(drawn.Unit.clone());
            if (drawn.Bias is not null)
                dense.bias = new Parameter(drawn.Bias.detach().to(ScalarType.Float64) / drawn.Etf.Scale);
            var unit = dense.call(x);
            var y = unit * s;
            output.shape.Should().Equal(y.shape, drawn.Description);
            var g = direction.to(ScalarType.Float64);
            y.backward([g]);

            Near(output.detach(), y.detach(), tolerance, drawn.Description);
            Near(drawn.Input.grad!, x.grad!, tolerance, drawn.Description + ", gradient of the input");
            if (drawn.Bias is Parameter bias)
                Near(bias.grad!, dense.bias!.grad! / drawn.Etf.Scale, tolerance, drawn.Description + ", gradient of the bias");
            if (drawn.TrainScale)
            {
                // Without the bias, which s does not scale.
                var image = drawn.Bias is null ? unit : unit - dense.bias!.view([-1, .. Enumerable.Repeat(1L, (int)drawn.Unit.dim() - 2)]);
                var wanted = (image.detach() * g).sum();
                var size = (image.detach().norm() * g.norm()).item<double>() + 1;
                var actual = layer.get_parameter("scale")!.grad!.to(ScalarType.Float64);
                Sample.Max(actual - wanted).Should().BeLessThan(tolerance * size, drawn.Description + ", gradient of the scale");
            }
        }

        // Every kind of frame, of rows and of columns, over whole patches and over their middle, and in every type.
        seen.Select(one => (one.Kind, one.IsColumnFrame, one.IsCentered)).Distinct().Should().HaveCount(5 * 2 * 2);
        seen.Select(one => (one.Kind, one.Type)).Distinct().Should().HaveCount(5 * 4);
    }

    [Theory]
    [InlineData(Natives.All), InlineData(Natives.NoNodes), InlineData(Natives.NoKernels)]
    public void Backward_Twice_EqualsDenseAlgebra(Natives natives)
    {
        using var forced = natives.Force();
        for (var seed = 0; seed < 60; seed++)
        {
            using var scope = NewDisposeScope();
            var drawn = new RandomConvolution(seed, ScalarType.Float64);
            using var layer = drawn.Layer;
            using var dense = drawn.Dense;
            // libtorch's own convolution of an empty batch cannot be differentiated twice.
            if (drawn.Input.numel() == 0)
                continue;
            dense.weight = new Parameter(drawn.Unit * drawn.Etf.Scale);
            if (drawn.Bias is not null)
                dense.bias = new Parameter(drawn.Bias.detach().clone());
            var x = drawn.Input.detach().clone();
            var actual = Twice(layer, x.clone().requires_grad_(true));
            var wanted = Twice(dense, x.clone().requires_grad_(true));
            Near(actual, wanted, 1e-11, drawn.Description);
        }

        // The gradient of |f'|^2 for f = sum y^3.
        static Tensor Twice(nn.Module<Tensor, Tensor> layer, Tensor x)
        {
            var first = autograd.grad([layer.call(x).pow(3).sum()], [x], retain_graph: true, create_graph: true)[0];
            return autograd.grad([first.square().sum()], [x])[0];
        }
    }

    [SeededProperty(150)]
    public void ToDense_AnyShapeAndFrame_GivesTheSameOutputs(int seed)
    {
        using var scope = NewDisposeScope();
        var drawn = new RandomConvolution(seed, ScalarType.Float64);
        using var layer = drawn.Layer;
        using Convolution dense = layer is SimplexEtfConv2d maps ? maps.ToDense() : ((SimplexEtfConv1d)layer).ToDense();
        dense.weight.requires_grad.Should().BeTrue();
        dense.weight.shape.Should().Equal(drawn.Unit.shape);
        dense.weight.dtype.Should().Be(ScalarType.Float64, drawn.Description);
        Near(dense.call(drawn.Input).detach(), layer.call(drawn.Input).detach(), 1e-12, drawn.Description);
        var matrix = SimplexEtfConvolution.KernelToMatrix(dense.weight.detach());
        Near(matrix.narrow(1, 0, layer.Etf.Columns), layer.Etf.ToTensor(), 1e-12, drawn.Description);
    }

    /// <summary>Relative to the largest number that is wanted, or to 1.</summary>
    private static void Near(Tensor actual, Tensor wanted, double tolerance, string because)
    {
        actual.shape.Should().Equal(wanted.shape, because);
        if (wanted.numel() > 0)
            Sample.Max(actual.to(ScalarType.Float64) - wanted).Should().BeLessThan(tolerance * Math.Max(1, Sample.Max(wanted)), because);
    }
}
