using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// A frame over patches, as a linear map from maps (N, C, rows, columns) of one size to maps (N, K, positions). The window's padding is
/// zeros, alike on both sides unless a patch is one pixel.
/// </summary>
/// <remarks>
/// Gradients are the adjoint map instead of autograd's record: by count two passes over the outputs fewer for an aligned frame, one for an
/// identity, and the input is not kept. <c>ratios --only convAligned,convIdentity,convNearest</c> of the benchmarks measures what that is
/// worth.
/// </remarks>
internal abstract class PatchOperator(PatchWindow window, Extent map) : FrameOperator
{
    private static readonly long[] s_allButChannels = [0, 2, 3];

    private readonly long[] _stride = [window.Stride.Rows, window.Stride.Columns];
    private readonly long[] _padding = [window.Before.Rows, window.Before.Columns];
    private readonly long[] _dilation = [window.Dilation.Rows, window.Dilation.Columns];

    /// <summary>Pixels at the end that no patch reaches.</summary>
    private readonly long[] _left =
    [
        (map.Rows + (2 * window.Before.Rows) - window.Reach.Rows) % window.Stride.Rows,
        (map.Columns + (2 * window.Before.Columns) - window.Reach.Columns) % window.Stride.Columns,
    ];

    /// <summary>Where a patch is one pixel: then products do, and nothing need be padded.</summary>
    private readonly PatchTaps? _pixels = window.Patch.Taps == 1 ? new PatchTaps(window, window.Patch.Channels, map) : null;

    public override Tensor AddBias(Tensor y, Tensor bias) => y.add_(bias.view(-1, 1, 1));

    public override Tensor BiasGradient(Tensor gradient) => gradient.sum(s_allButChannels);

    public override void Dispose()
    {
    }

    /// <summary>A kernel (K, C, height, width) on every patch. Call it in a scope of its own.</summary>
    protected Tensor Convolve(Tensor x, Tensor kernel, Tensor? bias = null)
    {
        if (_pixels is null)
            return nn.functional.conv2d(x, kernel, bias, _stride, _padding, _dilation);
        var y = ChannelProduct.Apply(kernel.flatten(1), _pixels.Take(x));
        return bias is null ? y : AddBias(y, bias);
    }

    /// <summary>The adjoint of <see cref="Convolve"/>. Call it in a scope of its own.</summary>
    protected Tensor ConvolveBack(Tensor y, Tensor kernel) => _pixels is null
        ? nn.functional.conv_transpose2d(y, kernel, null, _stride, _padding, _left, _dilation)
        : _pixels.PutBack(ChannelProduct.Apply(kernel.flatten(1).t(), y));
}
