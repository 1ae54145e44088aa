using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A frame over patches as its kernel.</summary>
/// <param name="kernel">(K, C, height, width) for inputs of a dtype and device, those of the tensor given; borrowed, asked for at each
/// use.</param>
/// <param name="window">How it moves.</param>
/// <param name="map">The size of the maps.</param>
internal sealed class DensePatches(Func<Tensor, Tensor> kernel, PatchWindow window, Extent map) : PatchOperator(window, map)
{
    public override Tensor Apply(Tensor x, FrameScale scale) => Apply(x, scale, null);

    public override Tensor Apply(Tensor x, FrameScale scale, Tensor? bias)
    {
        using var scope = NewDisposeScope();
        var (input, weight) = Scaled(x, kernel(x), scale);
        return Convolve(input, weight, bias).MoveToOuterDisposeScope();
    }

    public override Tensor ApplyAdjoint(Tensor y, FrameScale scale)
    {
        using var scope = NewDisposeScope();
        var (gradient, weight) = Scaled(y, kernel(y), scale);
        return ConvolveBack(gradient, weight).MoveToOuterDisposeScope();
    }

    /// <summary>The smaller of the two factors takes the scale.</summary>
    private static (Tensor Maps, Tensor Weight) Scaled(Tensor maps, Tensor weight, FrameScale scale) =>
        scale.Value == 1 ? (maps, weight)
        : weight.numel() <= maps.numel() ? (maps, weight.mul(scale.Times(1)))
        : (maps.mul(scale.Times(1)), weight);
}
