namespace EtfNet.Benchmarks.Layers;

/// <summary>Frames of random matrices, and layers of every kind. Nothing is trained but <see cref="LayerKind.TrainableDense"/>.</summary>
internal static class Frames
{
    /// <summary>Of an aligned linear layer.</summary>
    public const int Rank = 20;

    /// <summary>With the centering 32 columns: what a convolution runs fast for.</summary>
    public const int ConvolutionRank = 31;

    public const int Kernel = 3;

    /// <summary>A linear layer without bias.</summary>
    public static nn.Module<Tensor, Tensor> Linear(LayerKind kind, int width)
    {
        return Freeze(kind, kind switch
        {
            LayerKind.Identity => new SimplexEtfLinear(width, width, hasBias: false),
            LayerKind.Random => new SimplexEtfLinear(width, width, EtfFrame.Random(1), hasBias: false),
            LayerKind.Nearest => new SimplexEtfLinear(Nearest(width, width)),
            LayerKind.Aligned => new SimplexEtfLinear(Aligned(width, width, Rank)),
            _ => nn.Linear(width, width, hasBias: false),
        });
    }

    /// <summary>A 3 x 3 convolution, padded by 1, without bias, as a batch norm behind it wants.</summary>
    public static nn.Module<Tensor, Tensor> Convolution(LayerKind kind, long inputs, long outputs, long stride = 1)
    {
        var patch = inputs * Kernel * Kernel;
        return Freeze(kind, kind switch
        {
            LayerKind.Identity => new SimplexEtfConv2d(inputs, outputs, Kernel, stride, 1, hasBias: false),
            LayerKind.Random => new SimplexEtfConv2d(inputs, outputs, Kernel, stride, 1, frame: EtfFrame.Random(1), hasBias: false),
            LayerKind.Nearest => new SimplexEtfConv2d(Nearest(outputs, patch), inputs, Kernel, stride, 1),
            LayerKind.Aligned => new SimplexEtfConv2d(Aligned(outputs, patch, ConvolutionRank), inputs, Kernel, stride, 1),
            _ => nn.Conv2d(inputs, outputs, Kernel, stride, 1, bias: false),
        });
    }

    private static nn.Module<Tensor, Tensor> Freeze(LayerKind kind, nn.Module<Tensor, Tensor> layer)
    {
        foreach (var parameter in layer.parameters())
            parameter.requires_grad_(kind == LayerKind.TrainableDense);
        return layer;
    }

    private static SimplexEtf Nearest(long outputs, long inputs)
    {
        using var generator = new Generator(1);
        using var matrix = randn([outputs, inputs], generator: generator);
        return SimplexEtf.NearestTo(matrix);
    }

    /// <summary>A frame aligned with random images of random directions.</summary>
    private static SimplexEtf Aligned(long outputs, long inputs, int rank)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        var shape = new FrameShape(outputs, inputs, false);
        var directions = linalg.qr(randn(inputs, rank, dtype: ScalarType.Float64, generator: generator)).Q;
        var images = randn(outputs, rank, dtype: ScalarType.Float64, generator: generator);
        return FrameAlignment.Align(directions, images, shape)!.ToEtf(shape, 1);
    }
}
