using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// An aligned frame over patches: <c>E = norm (J - L R^T)</c>. One convolution to the few columns of R, one product back, and the leading
/// numbers of each patch: (r + 1)(d + K) multiplications per position instead of K d.
/// </summary>
/// <param name="shape">Of the frame.</param>
/// <param name="left">L, K x w; columns beyond r + 1 are zeros.</param>
/// <param name="right">R as a kernel (w, C, height, width), likewise.</param>
/// <param name="window">How it moves.</param>
/// <param name="map">The size of the maps.</param>
internal sealed class LowRankPatches(FrameShape shape, Func<Tensor> left, Func<Tensor> right, PatchWindow window, Extent map)
    : PatchOperator(window, map)
{
    private readonly PatchTaps _leading = new(window, Math.Min(shape.Rows, shape.Columns), map);

    public override Tensor Apply(Tensor x, FrameScale scale)
    {
        using var scope = NewDisposeScope();
        var coordinates = Convolve(x, right());
        // The same numbers in one pass over the outputs, which else are written, and read and written again.
        if (_leading.AreLeadingChannels && SpreadPass.TryApply(x, left(), coordinates, scale.Value * shape.Norm) is { } spread)
            return spread.MoveToOuterDisposeScope();
        var y = ChannelProduct.Apply(left().mul(scale.Times(-shape.Norm)), coordinates);
        _leading.AddTo(y, x, scale.Times(shape.Norm));
        return y.MoveToOuterDisposeScope();
    }

    public override Tensor ApplyAdjoint(Tensor y, FrameScale scale)
    {
        using var scope = NewDisposeScope();
        var x = ConvolveBack(ChannelProduct.Apply(left().mul(scale.Times(-shape.Norm)).t(), y), right());
        _leading.AddBackTo(x, y, scale.Times(shape.Norm));
        return x.MoveToOuterDisposeScope();
    }
}
