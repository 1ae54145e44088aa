namespace EtfNet.Benchmarks.Measuring;

/// <summary>What is measured: BenchmarkDotNet runs its benchmarks, and ratios alternate its methods.</summary>
public abstract class Subject : IDisposable
{
    private readonly List<IDisposable> _held = [];

    /// <summary>The one that was set up last: BenchmarkDotNet makes the objects itself.</summary>
    internal static Subject? Current { get; private set; }

    /// <summary>Bytes of tensors, weights, gradients and optimizer states held between runs.</summary>
    internal long LiveTensorBytes => _held.Sum(held => held switch
    {
        Tensor tensor => tensor.IsInvalid ? 0 : tensor.NumberOfElements * tensor.ElementSize,
        nn.Module module => module.MeasureFootprint().TotalBytes,
        optim.Optimizer optimizer => OptimizerStates.Bytes(optimizer),
        _ => 0,
    });

    private protected static Device Device => RunSettings.Current.Device;

    private protected static bool IsCuda => RunSettings.Current.IsCuda;

    /// <summary>Makes everything that is no part of the measured work.</summary>
    [GlobalSetup]
    public void Setup()
    {
        RunSettings.Current.Apply();
        Current = this;
        Prepare();
        RunSettings.Current.Synchronize();
    }

    /// <summary>Releases everything.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        foreach (var held in Enumerable.Reverse(_held))
            held.Dispose();
        _held.Clear();
        Current = null;
        GC.SuppressFinalize(this);
    }

    /// <summary>What a method must move and compute at this shape; known without <see cref="Setup"/>.</summary>
    internal virtual Cost CostOf(string method) => default;

    private protected abstract void Prepare();

    /// <summary>Takes something over that <see cref="Dispose"/> releases and whose bytes count.</summary>
    private protected T Hold<T>(T held)
        where T : IDisposable
    {
        _held.Add(held);
        return held;
    }

    /// <summary>Standard normal values that are the same on every device.</summary>
    private protected Tensor Normal(int seed, params long[] shape)
    {
        using var generator = new Generator((ulong)seed);
        using var here = randn(shape, generator: generator);
        return Hold(here.to(Device, copy: true).DetachFromDisposeScope());
    }
}
