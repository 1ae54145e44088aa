using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <content>A linear layer among the fixed layers.</content>
public sealed partial class SimplexEtfLinear : IFixedLayer
{
    SimplexEtfHeader IFixedLayer.Header => Header;

    PatchShape? IFixedLayer.Patch => null;

    long IFixedLayer.WeightCount => Header.Shape.Count;

    Type IFixedLayer.DenseType => typeof(Linear);

    Tensor IFixedLayer.DenseWeight(ScalarType dtype, Device device)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        return DenseMatrix(dtype, device).MoveToOuterDisposeScope();
    }

    nn.Module<Tensor, Tensor> IFixedLayer.CreateDense(Parameter weight, Parameter? bias) => nn.Linear(weight, bias);

    Parameter? IFixedLayer.ReleaseBias() => ReleaseBias();
}
