using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Layers;

/// <summary>What follows a layer may change its outputs in place, as <c>ReLU(inplace: true)</c> does.</summary>
public sealed class InPlaceTests
{
    [Theory]
    [InlineData(Natives.All)]
    [InlineData(Natives.NoNodes)]
    [InlineData(Natives.NoKernels)]
    public void Outputs_ChangedInPlace_GradientsAreThoseOfTheDenseLayer(Natives natives)
    {
        using var forced = natives.Force();
        foreach (var isTrained in new[] { false, true })
        {
            using var scope = NewDisposeScope();
            foreach (var (name, layer, dense, shape) in Layers(isTrained))
                foreach (var isLast in new[] { false, true })
                {
                    if (isLast && shape.Length != 4)
                        continue;
                    var (outputs, gradient) = Pass(layer, shape, isLast);
                    var (wanted, wantedGradient) = Pass(dense, shape, isLast);
                    Sample.Max(outputs - wanted).Should().BeLessThan(1e-10, name);
                    Sample.Max(gradient - wantedGradient).Should().BeLessThan(1e-10, name);
                }
        }
    }

    /// <summary>Where a size is 1, contiguous maps are in the order of channels-last ones too.</summary>
    [Fact]
    public void Outputs_OfContiguousMaps_AreContiguous()
    {
        using var scope = NewDisposeScope();
        foreach (var kind in Enum.GetValues<EtfFrameKind>())
            foreach (var (channels, outputs, kernel) in new[] { (1, 8, 3), (8, 8, 1), (8, 8, 3) })
            {
                using var layer = new SimplexEtfConv2d(RandomFrames.Of(kind, outputs, channels * kernel * kernel, 5), channels, kernel);
                var y = layer.call(Sample.Normal(1, 2, channels, 5, 4).to(ScalarType.Float32));
                y.is_contiguous().Should().BeTrue("{0}, {1} channels, {2}", kind, channels, kernel);
                using var dense = layer.ToDense();
                dense.weight.stride().Should().Equal(channels * kernel * kernel, kernel * kernel, kernel, 1);
            }
    }

    /// <summary>Each kind of layer and frame with its dense twin, in float64, and an input's shape.</summary>
    private static IEnumerable<(string Name, nn.Module<Tensor, Tensor> Layer, nn.Module<Tensor, Tensor> Dense, long[] Input)> Layers(
        bool isTrained)
    {
        foreach (var kind in Enum.GetValues<EtfFrameKind>())
            foreach (var hasBias in new[] { false, true })
            {
                var linear = new SimplexEtfLinear(Frame(1), Bias(), dtype: ScalarType.Float64);
                foreach (var shape in new long[][] { [5, 32], [3, 4, 32], [32] })
                    yield return ($"{kind}, linear, {shape.Length}", linear, linear.ToDense(), shape);
                foreach (var (kernel, stride) in new[] { (1, 1), (1, 2), (3, 1), (3, 2) })
                {
                    var maps = new SimplexEtfConv2d(
                        Frame(kernel * kernel), 32, kernel, stride: stride, bias: Bias(), dtype: ScalarType.Float64);
                    yield return ($"{kind}, maps, {kernel}, {stride}", maps, maps.ToDense(), [2, 32, 5, 4]);
                    yield return ($"{kind}, one pixel, {kernel}, {stride}", maps, maps.ToDense(), [2, 32, kernel, kernel]);
                    var sequences = new SimplexEtfConv1d(
                        Frame(kernel), 32, kernel, stride: stride, bias: Bias(), dtype: ScalarType.Float64);
                    yield return ($"{kind}, sequences, {kernel}, {stride}", sequences, sequences.ToDense(), [2, 32, 6]);
                }

                SimplexEtf Frame(long taps) => RandomFrames.Of(kind, 32, 32 * taps, 5);

                Tensor? Bias() => hasBias ? new Parameter(ones(32, dtype: ScalarType.Float64), isTrained) : null;
            }
    }

    private static (Tensor Outputs, Tensor Gradient) Pass(nn.Module<Tensor, Tensor> layer, long[] shape, bool isLast)
    {
        var x = Sample.Normal(4, shape);
        x = (isLast ? x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2) : x).requires_grad_(true);
        // The input is no leaf, as within a network.
        var y = layer.call(x * 1).add_(0.5).relu_();
        (y * Sample.Normal(5, y.shape)).sum().backward();
        return (y.detach(), x.grad!);
    }
}
