using static TorchSharp.torch;

namespace EtfNet;

/// <content>A fixed layer goes on being watched.</content>
public sealed partial class SimplexEtfLinear : IWatchedLayer
{
    Tensor? IWatchedLayer.CreateDenseWeight(long outputs)
    {
        if (outputs != OutFeatures)
            return null;
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        return DenseWeight().MoveToOuterDisposeScope();
    }

    Tensor? IWatchedLayer.CreateBias() => Bias?.alias();
}
