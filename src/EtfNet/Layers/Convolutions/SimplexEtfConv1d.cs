using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A convolution over sequences whose kernel is a fixed simplex equiangular tight frame over patches: <c>y = s E patch(x) + b</c>
/// at every position.</summary>
/// <remarks>
/// Shapes: input (N, C, length) or (C, length), output (N, K, length') or (K, length'), with sizes as for <c>nn.Conv1d</c>. Otherwise it is
/// like <see cref="SimplexEtfConv2d"/>. In the state, <c>right</c> is (w, C, width) and <c>matrix</c> is (K, C, width).
/// </remarks>
public sealed class SimplexEtfConv1d : SimplexEtfConvolution
{
    /// <summary>Makes a layer that is fixed from the start.</summary>
    /// <param name="inChannels">C, at least 1.</param>
    /// <param name="outChannels">K, at least 2 and at most <c>C kernelSize + 1</c> unless the frame allows columns.</param>
    /// <param name="kernelSize">Of the patches, at least 1.</param>
    /// <param name="stride">At least 1. The default is 1.</param>
    /// <param name="padding">Places on each side, or <see cref="TorchSharp.Padding.Same"/>. The default is none.</param>
    /// <param name="dilation">At least 1. The default is 1.</param>
    /// <param name="paddingMode">What the padding holds. The default is zeros.</param>
    /// <param name="frame">Identity, random or dense random. The default is <see cref="EtfFrame.Identity"/>.</param>
    /// <param name="hasBias">Whether to add a bias; it starts at 0. The default is true.</param>
    /// <param name="trainBias">Whether the bias is trained. The default is true.</param>
    /// <param name="scale">s, the norm of the rows, positive and finite in the dtype. The default is 1.</param>
    /// <param name="trainScale">Whether s is trained. The default is false.</param>
    /// <param name="dtype">The floating point type of bias, scale and dense copies. The default is float32.</param>
    /// <param name="device">The default is the CPU.</param>
    /// <exception cref="ArgumentOutOfRangeException">No frame of that shape exists, a size, stride or dilation is below 1, or the scale is
    /// not positive and finite, or too large for the dtype.</exception>
    /// <exception cref="ArgumentException">The frame depends on a trained weight, the padding is "same" and the stride is not 1, the
    /// padding has two numbers, or the dtype is not floating point.</exception>
    public SimplexEtfConv1d(long inChannels, long outChannels, long kernelSize,
        long stride = 1, ConvPadding padding = default, long dilation = 1,
        PaddingModes paddingMode = PaddingModes.Zeros, EtfFrame? frame = null, bool hasBias = true, bool trainBias = true,
        double scale = 1, bool trainScale = false, ScalarType? dtype = null, Device? device = null)
        : this(
            ConvParts.New(ConvWindow.Sequences(inChannels, kernelSize, stride, padding, dilation, paddingMode), outChannels, frame, scale),
            hasBias ? Zeros(outChannels, trainBias, dtype ?? ScalarType.Float32, device) : null, trainScale, dtype, device)
    {
    }

    /// <summary>Makes a layer from a given frame.</summary>
    /// <param name="etf">The frame; copied. Its <c>C kernelSize</c> columns are numbers of a patch in frame order, see
    /// <see cref="SimplexEtfConvolution.KernelToMatrix"/>; with C columns the frame is applied to the middle of each patch.</param>
    /// <param name="inChannels">C, at least 1.</param>
    /// <param name="kernelSize">Of the patches, at least 1.</param>
    /// <param name="stride">At least 1. The default is 1.</param>
    /// <param name="padding">Places on each side, or <see cref="TorchSharp.Padding.Same"/>. The default is none.</param>
    /// <param name="dilation">At least 1. The default is 1.</param>
    /// <param name="paddingMode">What the padding holds. The default is zeros.</param>
    /// <param name="bias">K numbers, or null. A <see cref="Parameter"/> is used as the same object, trained or not; any other tensor
    /// becomes a fixed bias. The layer owns it.</param>
    /// <param name="trainScale">Whether s is trained. The default is false.</param>
    /// <param name="dtype">The floating point type of factors and scale. The default is the bias's, else float32.</param>
    /// <param name="device">The default is the bias's, else the CPU.</param>
    /// <exception cref="ArgumentNullException"><paramref name="etf"/> is null.</exception>
    /// <exception cref="ArgumentException">The frame does not fit the patches, the bias does not have K numbers of the dtype on the device,
    /// the padding is "same" and the stride is not 1, the padding has two numbers, or the dtype is not floating point.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A size, stride or dilation is below 1, or the scale is too large for the
    /// dtype.</exception>
    public SimplexEtfConv1d(SimplexEtf etf, long inChannels, long kernelSize,
        long stride = 1, ConvPadding padding = default, long dilation = 1,
        PaddingModes paddingMode = PaddingModes.Zeros, Tensor? bias = null, bool trainScale = false,
        ScalarType? dtype = null, Device? device = null)
        : this(
            ConvParts.Of(ConvWindow.Sequences(inChannels, kernelSize, stride, padding, dilation, paddingMode), etf),
            bias, trainScale, dtype, device)
    {
    }

    internal SimplexEtfConv1d(ConvParts parts, Tensor? bias, bool trainScale, ScalarType? dtype, Device? device)
        : base(nameof(SimplexEtfConv1d), parts, bias, trainScale, dtype, device)
    {
    }

    /// <summary>Gets the size of the patches.</summary>
    public long KernelSize => Window.Patch.Width;

    /// <summary>Gets the stride.</summary>
    public long Stride => Window.Stride.Columns;

    /// <summary>Gets the dilation.</summary>
    public long Dilation => Window.Dilation.Columns;

    /// <summary>Makes an equivalent dense layer.</summary>
    /// <returns>A new <c>nn.Conv1d</c> of the layer's dtype and device, with its own weight and bias, both trainable.</returns>
    public Conv1d ToDense() => Fill(CreateEmpty(Bias is not null));

    private protected override Conv1d CreateEmpty(bool hasBias) => Padding.IsSame
        ? nn.Conv1d(InChannels, OutChannels, KernelSize, TorchSharp.Padding.Same, Stride, Dilation, PaddingMode, 1, hasBias, META)
        : nn.Conv1d(InChannels, OutChannels, KernelSize, Stride, Padding.Width, Dilation, PaddingMode, 1, hasBias, META);
}
