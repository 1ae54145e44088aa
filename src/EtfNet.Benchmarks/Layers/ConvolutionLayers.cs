using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Benchmarks.Layers;

/// <summary>3 x 3 convolutions of every kind, padded by 1, without bias, as a batch norm behind them wants.</summary>
internal static class ConvolutionLayers
{
    /// <summary>With the centering 32 columns: what a convolution runs fast for.</summary>
    public const int Rank = 31;

    public const int Kernel = 3;

    public static nn.Module<Tensor, Tensor> Create(LayerKind kind, long inChannels, long outChannels, long stride = 1)
    {
        nn.Module<Tensor, Tensor> layer = kind switch
        {
            LayerKind.FrozenDense or LayerKind.TrainableDense => nn.Conv2d(inChannels, outChannels, Kernel, stride, 1, bias: false),
            LayerKind.Identity => new SimplexEtfConv2d(inChannels, outChannels, Kernel, stride, 1, hasBias: false),
            LayerKind.Random => new SimplexEtfConv2d(inChannels, outChannels, Kernel, stride, 1, frame: EtfFrame.Random(1), hasBias: false),
            LayerKind.Nearest => new SimplexEtfConv2d(Nearest(outChannels, inChannels), inChannels, Kernel, stride, 1),
            LayerKind.Aligned => new SimplexEtfConv2d(Aligned(outChannels, inChannels), inChannels, Kernel, stride, 1),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Unknown kind of layer."),
        };
        foreach (var parameter in layer.parameters())
            parameter.requires_grad_(kind == LayerKind.TrainableDense);
        return layer;
    }

    /// <summary>The frame nearest a random kernel.</summary>
    private static SimplexEtf Nearest(long outChannels, long inChannels)
    {
        using var scope = NewDisposeScope();
        return SimplexEtf.NearestTo(Matrix(1, outChannels, inChannels));
    }

    /// <summary>A frame aligned with a random kernel along random directions.</summary>
    private static SimplexEtf Aligned(long outChannels, long inChannels)
    {
        using var scope = NewDisposeScope();
        var shape = new FrameShape(outChannels, inChannels * Kernel * Kernel, false);
        var directions = linalg.qr(Matrix(2, Rank, inChannels).t().to(ScalarType.Float64)).Q;
        var images = Matrix(3, outChannels, inChannels).to(ScalarType.Float64).mm(directions);
        return FrameAlignment.Align(directions, images, shape)!.ToEtf(shape, 1);
    }

    private static Tensor Matrix(int seed, long rows, long inChannels)
    {
        using var generator = new Generator((ulong)seed);
        return randn([rows, inChannels * Kernel * Kernel], generator: generator);
    }
}
