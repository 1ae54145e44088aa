using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A convolution over maps whose kernel is a fixed simplex equiangular tight frame over patches: <c>y = s E patch(x) + b</c> at
/// every position.</summary>
/// <remarks>
/// <para>Shapes: input (N, C, height, width) or (C, height, width), output (N, K, height', width') or (K, height', width'), sizes as with
/// <c>nn.Conv2d</c>; empty batches included; float32, float64, bfloat16, float16; any memory layout, channels-last included.</para>
/// <para>The state is that of any <see cref="SimplexEtfLayer"/>; the factors are <c>left</c> (K, w) and <c>right</c> (w, C, height, width)
/// for an aligned frame, and <c>matrix</c> (K, C, height, width) for a nearest frame. Source: Liu, arXiv 2412.00884, section 3, here
/// applied to patches.</para>
/// </remarks>
/// <example>
/// <code>
/// using var layer = new SimplexEtfConv2d(inChannels: 64, outChannels: 128, kernelSize: 3, padding: 1);
/// using var maps = layer.call(randn(8, 64, 14, 14));   // (8, 128, 14, 14); only the bias is trained
/// </code>
/// </example>
public sealed class SimplexEtfConv2d : SimplexEtfConvolution
{
    /// <summary>Makes a layer that is fixed from the start.</summary>
    /// <param name="inChannels">C, at least 1.</param>
    /// <param name="outChannels">K, at least 2 and at most <c>C height width + 1</c> unless the frame allows columns.</param>
    /// <param name="kernelSize">Of the patches, at least 1 x 1.</param>
    /// <param name="stride">At least 1. The default is 1.</param>
    /// <param name="padding">Rows and columns on each side, or <see cref="TorchSharp.Padding.Same"/>. The default is none.</param>
    /// <param name="dilation">At least 1. The default is 1.</param>
    /// <param name="paddingMode">What the padding holds. The default is zeros.</param>
    /// <param name="frame">Identity, random or dense random. The default is <see cref="EtfFrame.Identity"/>. With fewer outputs than inputs
    /// the identity drops the last C - K channels; random frames mix all of them.</param>
    /// <param name="hasBias">Whether to add a bias; it starts at 0. The default is true.</param>
    /// <param name="trainBias">Whether the bias is trained. The default is true.</param>
    /// <param name="scale">s, the norm of the rows, positive and finite in the dtype. The default is 1.</param>
    /// <param name="trainScale">Whether s is trained. The default is false.</param>
    /// <param name="dtype">The floating point type of bias, scale and dense copies. The default is float32.</param>
    /// <param name="device">The default is the CPU.</param>
    /// <exception cref="ArgumentOutOfRangeException">No frame of that shape exists, a size, stride or dilation is below 1, or the scale is
    /// not positive and finite, or too large for the dtype.</exception>
    /// <exception cref="ArgumentException">The frame depends on a trained weight, the padding is "same" and the stride is not 1, or the
    /// dtype is not floating point.</exception>
    public SimplexEtfConv2d(long inChannels, long outChannels, ConvSize kernelSize,
        ConvSize? stride = null, ConvPadding padding = default, ConvSize? dilation = null,
        PaddingModes paddingMode = PaddingModes.Zeros, EtfFrame? frame = null, bool hasBias = true, bool trainBias = true,
        double scale = 1, bool trainScale = false, ScalarType? dtype = null, Device? device = null)
        : this(
            ConvParts.New(
                ConvWindow.Maps(inChannels, kernelSize, stride ?? 1, padding, dilation ?? 1, paddingMode), outChannels, frame, scale),
            hasBias ? Zeros(outChannels, trainBias, dtype ?? ScalarType.Float32, device) : null, trainScale, dtype, device)
    {
    }

    /// <summary>Makes a layer from a given frame.</summary>
    /// <param name="etf">The frame; copied. Its <c>C height width</c> columns are numbers of a patch in frame order, see
    /// <see cref="SimplexEtfConvolution.KernelToMatrix"/>; with C columns the frame is applied to the middle pixel of each patch.</param>
    /// <param name="inChannels">C, at least 1.</param>
    /// <param name="kernelSize">Of the patches, at least 1 x 1.</param>
    /// <param name="stride">At least 1. The default is 1.</param>
    /// <param name="padding">Rows and columns on each side, or <see cref="TorchSharp.Padding.Same"/>. The default is none.</param>
    /// <param name="dilation">At least 1. The default is 1.</param>
    /// <param name="paddingMode">What the padding holds. The default is zeros.</param>
    /// <param name="bias">K numbers, or null. A <see cref="Parameter"/> is used as the same object, trained or not; any other tensor
    /// becomes a fixed bias. The layer owns it.</param>
    /// <param name="trainScale">Whether s is trained. The default is false.</param>
    /// <param name="dtype">The floating point type of factors and scale. The default is the bias's, else float32.</param>
    /// <param name="device">The default is the bias's, else the CPU.</param>
    /// <exception cref="ArgumentNullException"><paramref name="etf"/> is null.</exception>
    /// <exception cref="ArgumentException">The frame does not fit the patches, the bias does not have K numbers of the dtype on the device,
    /// the padding is "same" and the stride is not 1, or the dtype is not floating point.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A size, stride or dilation is below 1, or the scale is too large for the
    /// dtype.</exception>
    public SimplexEtfConv2d(SimplexEtf etf, long inChannels, ConvSize kernelSize,
        ConvSize? stride = null, ConvPadding padding = default, ConvSize? dilation = null,
        PaddingModes paddingMode = PaddingModes.Zeros, Tensor? bias = null, bool trainScale = false,
        ScalarType? dtype = null, Device? device = null)
        : this(
            ConvParts.Of(ConvWindow.Maps(inChannels, kernelSize, stride ?? 1, padding, dilation ?? 1, paddingMode), etf),
            bias, trainScale, dtype, device)
    {
    }

    internal SimplexEtfConv2d(ConvParts parts, Tensor? bias, bool trainScale, ScalarType? dtype, Device? device)
        : base(nameof(SimplexEtfConv2d), parts, bias, trainScale, dtype, device)
    {
    }

    /// <summary>Gets the size of the patches.</summary>
    public ConvSize KernelSize => new(Window.Patch.Height, Window.Patch.Width);

    /// <summary>Gets the stride.</summary>
    public ConvSize Stride => new(Window.Stride.Rows, Window.Stride.Columns);

    /// <summary>Gets the dilation.</summary>
    public ConvSize Dilation => new(Window.Dilation.Rows, Window.Dilation.Columns);

    /// <summary>Makes an equivalent dense layer.</summary>
    /// <returns>A new <c>nn.Conv2d</c> of the layer's dtype and device, with its own weight and bias, both trainable.</returns>
    public Conv2d ToDense() => Fill(CreateEmpty(Bias is not null));

    private protected override Conv2d CreateEmpty(bool hasBias)
    {
        var (kernel, stride, dilation, padding) = (Pair(KernelSize), Pair(Stride), Pair(Dilation), (Padding.Height, Padding.Width));
        return Padding.IsSame
            ? nn.Conv2d(InChannels, OutChannels, kernel, TorchSharp.Padding.Same, stride, dilation, PaddingMode, 1, hasBias, META)
            : nn.Conv2d(InChannels, OutChannels, kernel, stride, padding, dilation, PaddingMode, 1, hasBias, META);
    }

    private static (long, long) Pair(ConvSize size) => (size.Height, size.Width);
}
