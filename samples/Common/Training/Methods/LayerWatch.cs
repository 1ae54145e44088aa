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

    /// <summary>Writes model, optimizer and what it remembers itself, between epochs, to files whose names begin with a path.</summary>
    public abstract void Save(string path);

    /// <summary>Goes on from what <see cref="Save"/> wrote; the model, the optimizer and this are freshly made.</summary>
    public abstract void Load(string path);

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing) => Optimizer.Dispose();
}
