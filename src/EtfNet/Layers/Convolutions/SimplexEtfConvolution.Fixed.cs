using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <content>A convolution among the fixed layers.</content>
public abstract partial class SimplexEtfConvolution : IFixedLayer
{
    SimplexEtfHeader IFixedLayer.Header => Header;

    PatchShape? IFixedLayer.Patch => _window.Patch;

    long IFixedLayer.WeightCount => Shape.Rows * _window.Patch.Size;

    Type IFixedLayer.DenseType => _window.Dimensions == 1 ? typeof(Conv1d) : typeof(Conv2d);

    Tensor IFixedLayer.DenseWeight(ScalarType dtype, Device device)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        return Kernel(DenseMatrix(dtype, device)).MoveToOuterDisposeScope();
    }

    nn.Module<Tensor, Tensor> IFixedLayer.CreateDense(Parameter weight, Parameter? bias) =>
        DenseConvolution.Fill(CreateEmpty(bias is not null), weight, bias, _window, training);

    Parameter? IFixedLayer.ReleaseBias() => ReleaseBias();

    /// <summary>A plain layer with this one's settings on the meta device, where nothing is drawn from the global generator.</summary>
    private protected abstract Convolution CreateEmpty(bool hasBias);

    /// <summary>A matrix over patches as the kernel of the plain layer.</summary>
    private Tensor Kernel(Tensor matrix)
    {
        var kernel = _window.Patch.ToKernel(matrix);
        return _window.Dimensions == 1 ? kernel.squeeze(2) : kernel;
    }
}
