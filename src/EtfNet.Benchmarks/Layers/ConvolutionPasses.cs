namespace EtfNet.Benchmarks.Layers;

/// <summary>3 x 3 convolutions.</summary>
public class ConvolutionPasses : Passes
{
    private static readonly (int Channels, int Side)[] s_sizes = [(64, 16), (256, 8), (512, 8)];

    /// <summary>All layers at three sizes.</summary>
    public override IEnumerable<LayerShape> Shapes =>
        from size in s_sizes
        from kind in Enum.GetValues<LayerKind>()
        select new LayerShape(kind, size.Channels, 64, size.Side);

    private protected override long[] InputShape => [Shape.Batch, Shape.Width, Shape.Side, Shape.Side];

    private protected override int Patch => Shape.Width * Frames.Kernel * Frames.Kernel;

    private protected override int Rank => Frames.ConvolutionRank;

    private protected override nn.Module<Tensor, Tensor> Create() => Frames.Convolution(Shape.Kind, Shape.Width, Shape.Width);
}
