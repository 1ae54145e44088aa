namespace EtfNet.Benchmarks.Measuring;

/// <summary>What every measurement of a run shares.</summary>
/// <param name="IsCuda">Whether it runs on the first CUDA device.</param>
/// <param name="Threads">Torch's threads.</param>
internal sealed record RunSettings(bool IsCuda = false, int Threads = 2)
{
    /// <summary>The settings of this process: BenchmarkDotNet makes the subjects itself, and they must find them.</summary>
    public static RunSettings Current { get; set; } = new();

    public Device Device => IsCuda ? CUDA : CPU;

    public override string ToString() => IsCuda ? "cuda" : "cpu";

    /// <summary>Sets the calling thread up: the number of threads is a thread's own.</summary>
    public void Apply()
    {
        set_num_threads(Threads);
        Alternation.SettleAllocator();
    }

    /// <summary>Waits until the device has done what it was asked to.</summary>
    public void Synchronize()
    {
        if (IsCuda)
            cuda.synchronize();
    }
}
