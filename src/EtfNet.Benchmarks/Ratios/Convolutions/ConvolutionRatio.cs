using EtfNet.Benchmarks.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Benchmarks.Ratios.Convolutions;

/// <summary>Forward and backward of a fixed 3 x 3 convolution with an input gradient, float32, against a frozen dense one of the same
/// libtorch.</summary>
internal sealed class ConvolutionRatio(string name, LayerKind kind, int? rank = null) : Ratio
{
    private const long Batch = 64;

    private static readonly (long Channels, long Side)[] s_sizes = [(64, 16), (256, 8), (512, 8)];

    public override string Name => name;

    public override IEnumerable<RatioCase> Cases() =>
        from size in s_sizes
        select new RatioCase("frozenConvolution", Batch, size.Channels, rank, () => Prepare(size.Channels, size.Side));

    private PairedWork Prepare(long channels, long side)
    {
        using var generator = new Generator(2);
        var layer = ConvolutionLayers.Create(kind, channels, channels);
        var dense = ConvolutionLayers.Create(LayerKind.FrozenDense, channels, channels);
        var x = randn([Batch, channels, side, side], generator: generator).requires_grad_(true);
        var gradient = randn([Batch, channels, side, side], generator: generator);
        // Forward reads x and writes y, backward reads y' and writes x'.
        var bytes = 4 * x.numel() * sizeof(float);
        return new PairedWork(() => Step(layer, x, gradient), () => Step(dense, x, gradient), bytes, layer, dense, x, gradient);
    }

    private static void Step(nn.Module<Tensor, Tensor> layer, Tensor x, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        layer.call(x).backward([gradient]);
        x.grad = null;
    }
}
