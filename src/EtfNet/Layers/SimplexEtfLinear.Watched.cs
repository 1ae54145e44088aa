using static TorchSharp.torch;

namespace EtfNet;

public sealed partial class SimplexEtfLinear : IWatchedLayer
{
    Tensor? IWatchedLayer.CreateDenseWeight(long outputs)
    {
        if (outputs != OutFeatures)
            return null;
        using var dense = ToDense();
        return dense.weight.detach().clone();
    }
}
