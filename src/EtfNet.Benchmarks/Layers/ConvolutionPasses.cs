using TorchSharp;
using static TorchSharp.torch;

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

    private protected override nn.Module<Tensor, Tensor> Create() => Frames.Convolution(Shape.Kind, Shape.Width, Shape.Width);

    private protected override (double Stored, double Operations) ForwardCost()
    {
        var (positions, channels) = ((double)Shape.Batch * Shape.Side * Shape.Side, (double)Shape.Width);
        var (patch, columns) = (channels * Frames.Kernel * Frames.Kernel, Frames.ConvolutionRank + 1);
        return Shape.Kind switch
        {
            LayerKind.Identity => (0, positions * 3 * channels),
            LayerKind.Aligned => ((channels + patch) * columns, positions * 2 * (channels + patch) * columns),
            // A product per pixel.
            LayerKind.Random => (channels * channels, positions * 2 * channels * channels),
            _ => (channels * patch, positions * 2 * channels * patch),
        };
    }
}
