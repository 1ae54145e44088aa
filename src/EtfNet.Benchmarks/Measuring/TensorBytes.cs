using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Benchmarks.Measuring;

/// <summary>Counts the bytes of what a subject holds: tensors, weights and gradients of modules, states of optimizers.</summary>
internal static class TensorBytes
{
    public static long Of(IEnumerable<IDisposable> holders) => holders.Sum(holder => holder switch
    {
        Tensor tensor => tensor.IsInvalid ? 0 : tensor.NumberOfElements * tensor.ElementSize,
        nn.Module module => module.MeasureFootprint().TotalBytes,
        optim.Optimizer optimizer => OptimizerStates.Bytes(optimizer),
        _ => 0,
    });
}
