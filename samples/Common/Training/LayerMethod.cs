using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace EtfNet.Samples;

/// <summary>What is done with a network's layers while it trains. Reusable: all state is in the watch that it attaches.</summary>
public abstract class LayerMethod
{
    /// <summary>Prepares the model, makes its optimizer and attaches to both.</summary>
    public abstract LayerWatch Attach(nn.Module<Tensor, Tensor> model, Func<Optimizer> createOptimizer);

    private protected static string Line(Exception error) => error.Message.ReplaceLineEndings(" ");
}

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
