using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// A convolution over maps or sequences; a <see cref="SimplexEtfConvolution"/> takes its place. Its matrix is over patches, in frame order.
/// </summary>
internal sealed class FixableConvolution(Convolution convolution) : FixableLayer(convolution)
{
    public override long[] WeightShape => [convolution.out_channels, convolution.in_channels, .. convolution.kernel_size];

    public override PatchShape? Patch => new PatchShape(
        convolution.in_channels, convolution is Conv1d ? 1 : convolution.kernel_size[0], convolution.kernel_size[^1]);

    public override Type FixedType => convolution is Conv1d ? typeof(SimplexEtfConv1d) : typeof(SimplexEtfConv2d);

    /// <summary>How the kernel moves.</summary>
    public PatchWindow Window => ConvWindow.Of(convolution).Window;

    protected override ref Parameter? WeightField => ref TorchSharpInternals.Weight(convolution);

    protected override ref Parameter? BiasField => ref TorchSharpInternals.Bias(convolution);

    public override long ColumnsOf(EtfFrame frame) => frame.Kind is EtfFrameKind.Random or EtfFrameKind.DenseRandom
        ? PatchFrame.ColumnsOfRandom(convolution.out_channels, Patch!.Value)
        : Matrix.Columns;

    public override bool Takes(FrameShape shape) =>
        shape.Rows == convolution.out_channels && (shape.Columns == Matrix.Columns || shape.Columns == convolution.in_channels);

    public override Tensor WeightMatrix() => Patch!.Value.ToMatrix(Weight.detach());

    public override Tensor WeightOf(SimplexEtf etf, ScalarType dtype, Device device)
    {
        using var scope = NewDisposeScope();
        return Patch!.Value.ToKernel(etf.ToTensor(dtype, device)).reshape(WeightShape).MoveToOuterDisposeScope();
    }

    public override FrameFit Fit(EtfFrame frame, Tensor inputs, Tensor targets, FrameFitOptions options) =>
        PatchFit.To(frame, Weight, Bias, inputs, targets, options);

    public override nn.Module<Tensor, Tensor> CreateFixed(SimplexEtf etf, Parameter? bias, ScalarType dtype, Device device) =>
        SimplexEtfConvolution.ReplacementFor(convolution, etf, bias, dtype, device);

    public override nn.Module<Tensor, Tensor> CreateBlank(SimplexEtfHeader header, Parameter? bias, ScalarType dtype, Device device) =>
        SimplexEtfConvolution.ReplacementFor(convolution, header, bias, dtype, device);
}
