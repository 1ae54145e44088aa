using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace EtfNet.Samples;

/// <summary>A method at work on one model.</summary>
public abstract class LayerWatch(Optimizer optimizer) : IDisposable
{
    public Optimizer Optimizer { get; } = optimizer;

    /// <summary>Gets whether the time it takes belongs to training (it changes layers) or is only measurement.</summary>
    public abstract bool IsPartOfTraining { get; }

    public abstract void Observe(Tensor labels);

    public abstract LayerStatus EndEpoch();

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing) => Optimizer.Dispose();
}
