using EtfNet.Benchmarks.Measuring;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Benchmarks.Setup;

/// <summary>What every measurement of a run shares.</summary>
/// <param name="IsCuda">Whether it runs on the first CUDA device.</param>
/// <param name="Threads">Torch's threads.</param>
internal sealed record RunSettings(bool IsCuda = false, int Threads = 2)
{
    /// <summary>The settings of this process: BenchmarkDotNet makes the subjects itself, and they must find them.</summary>
    public static RunSettings Current { get; set; } = new();

    public Device Device => IsCuda ? CUDA : CPU;

    public override string ToString() => IsCuda ? "cuda" : "cpu";

    /// <summary>Takes <c>--device</c> and <c>--threads</c>.</summary>
    /// <exception cref="OptionException">A value is wrong, or there is no CUDA device.</exception>
    public static RunSettings Take(Options options) => Take(options, cuda_is_available);

    /// <param name="options">The command line.</param>
    /// <param name="hasCuda">Asked only if CUDA is wanted: asking loads the native library.</param>
    public static RunSettings Take(Options options, Func<bool> hasCuda)
    {
        var threads = options.TakeCount("--threads", 2);
        return options.Take("--device") switch
        {
            null or "cpu" => new RunSettings(false, threads),
            "cuda" when hasCuda() => new RunSettings(true, threads),
            "cuda" => throw new OptionException("--device cuda: no CUDA device, or a libtorch without CUDA (build with -p:TorchBackend=cuda); give --device cpu."),
            var other => throw new OptionException($"--device {other}: give cpu or cuda."),
        };
    }

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
