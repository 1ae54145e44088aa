using System.Reflection;
using System.Runtime.InteropServices;
using EtfNet.Benchmarks.Measuring;
using TorchSharp;

namespace EtfNet.Benchmarks.Commands;

/// <summary>The machine, the versions and the moment of a run, in words.</summary>
internal static class MachineDescription
{
    /// <summary>Names and values, in the order in which a report has them.</summary>
    public static IReadOnlyDictionary<string, string> Of(RunSettings settings)
    {
        // The SDK writes the commit behind the version.
        var version = typeof(SimplexEtf).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+');
        return new Dictionary<string, string>
        {
            ["processor"] = $"{Lines("/proc/cpuinfo", "model name").FirstOrDefault("unknown")}, {Environment.ProcessorCount} hardware threads",
            ["memory"] = $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1 << 30):0.0} GiB",
            ["device"] = settings.IsCuda ? $"cuda: {string.Join(", ", Gpus())}" : "cpu",
            ["threads"] = $"{settings.Threads}",
            ["system"] = $"{RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.ProcessArchitecture}",
            ["versions"] = $"EtfNet {version[0]}, TorchSharp {typeof(torch).Assembly.GetName().Version?.ToString(3)}, libtorch {torch.__version__}",
            ["date"] = $"{DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC",
            ["commit"] = version.ElementAtOrDefault(1) ?? "not known to this build",
            ["command"] = $"`{string.Join(' ', Environment.GetCommandLineArgs().Skip(1))}`",
        };
    }

    /// <summary>The driver's own list; TorchSharp has no name for a device.</summary>
    private static IEnumerable<string> Gpus() => Directory.Exists("/proc/driver/nvidia/gpus")
        ? Directory.EnumerateFiles("/proc/driver/nvidia/gpus", "information", SearchOption.AllDirectories).SelectMany(file => Lines(file, "Model"))
        : ["a device whose name the system does not tell"];

    /// <summary>The values of lines such as <c>model name : value</c>.</summary>
    private static IEnumerable<string> Lines(string file, string name) => !File.Exists(file) ? []
        : File.ReadLines(file).Where(line => line.StartsWith(name, StringComparison.Ordinal)).Select(line => line.Split(':', 2)[1].Trim());
}
