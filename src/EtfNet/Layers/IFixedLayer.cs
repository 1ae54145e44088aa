using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// A module whose weight is a fixed simplex ETF: what replacing, reverting and exporting layers need of it, whatever its kind.
/// </summary>
internal interface IFixedLayer
{
    /// <summary>The frame, except for its factors, as plans write it.</summary>
    SimplexEtfHeader Header { get; }

    /// <summary>What a patch holds, for a convolution; null for a linear layer.</summary>
    PatchShape? Patch { get; }

    /// <summary>How many weights the plain layer has.</summary>
    long WeightCount { get; }

    /// <summary>The bias, trained or not; null if there is none.</summary>
    Tensor? Bias { get; }

    /// <summary>The type of the plain layer with the same outputs.</summary>
    Type DenseType { get; }

    /// <summary>The weight of the plain layer, in that layer's shape: a new tensor of the current scope.</summary>
    Tensor DenseWeight(ScalarType dtype, Device device);

    /// <summary>A plain layer of a given weight and bias, with this layer's other settings.</summary>
    nn.Module<Tensor, Tensor> CreateDense(Parameter weight, Parameter? bias);

    /// <summary>
    /// Gives the bias parameter away, for the layer that takes this one's place; null if there is none or it is a fixed tensor.
    /// </summary>
    Parameter? ReleaseBias();
}
