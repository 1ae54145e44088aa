using System.Runtime.InteropServices;

namespace EtfNet.Samples;

/// <summary>What to compute with.</summary>
public sealed record Machine
{
    private const string Information = "/proc/cpuinfo";

    [Is("by default OMP_NUM_THREADS, or the number of cores")]
    public int Threads { get; init => field = Check.AtLeast(1, value); } =
        int.TryParse(Environment.GetEnvironmentVariable("OMP_NUM_THREADS"), out var set) && set > 0 ? set : Environment.ProcessorCount;

    [Is("cpu or cuda")]
    public string Device { get; init => field = Check.That(value, value is "cpu" or "cuda", "must be cpu or cuda"); } = "cpu";

    [Is("what times are taken from: wall, or processor, the time of this process alone, which other programs disturb little")]
    public string Clock { get; init => field = Check.That(value, value is "wall" or "processor", "must be wall or processor"); } = "wall";

    [Is("give freed memory back to the system at once: less memory, slower with large tensors (Linux)")]
    public bool ReleaseMemory { get; init; }

    private static string Processor => (File.Exists(Information)
        ? File.ReadLines(Information).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim()
        : Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER")) ?? "processor";

    /// <exception cref="SampleException">CUDA is asked for where there is none.</exception>
    public torch.Device ToDevice() => Device == "cpu" ? torch.CPU : torch.cuda_is_available() ? torch.CUDA : throw new SampleException(
        "--device cuda: there is no CUDA device; build with -p:TorchBackend=cuda on a machine that has one, or use --device cpu.");

    /// <summary>Describes the machine, for results that are kept.</summary>
    public override string ToString() => $"{Processor} ({RuntimeInformation.ProcessArchitecture}), {Threads} of "
        + $"{Environment.ProcessorCount} hardware threads, device {Device}, {RuntimeInformation.OSDescription}, "
        + $"{RuntimeInformation.FrameworkDescription}, TorchSharp {typeof(torch).Assembly.GetName().Version?.ToString(3)}"
        + (Clock == "processor" ? ", times of the processor" : "");

    /// <summary>What times are taken from.</summary>
    public TimeProvider ToClock() => Clock == "processor" ? new ProcessorClock() : TimeProvider.System;

    /// <summary>Has the allocator keep what tensors free, unless it is asked not to: a program decides that, a library does not.</summary>
    public void KeepFreedMemory()
    {
        if (!ReleaseMemory)
            TorchMemory.KeepLargeBlocks();
    }
}
