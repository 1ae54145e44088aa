using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using EtfNet.Benchmarks.Setup;
using TorchSharp;

namespace EtfNet.Benchmarks.Report;

/// <summary>The machine, the versions and the moment of a run, in words.</summary>
internal static class MachineDescription
{
    public static IReadOnlyList<(string Name, string Value)> Header(RunSettings settings, string command, string peer, DateTimeOffset now) =>
    [
        ("processor", $"{Processor()}, {Environment.ProcessorCount} hardware threads, {RuntimeInformation.ProcessArchitecture}"),
        ("memory", string.Create(CultureInfo.InvariantCulture, $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1 << 30):0.0} GiB")),
        ("device", settings.IsCuda ? $"cuda: {Gpu()}" : "cpu"),
        ("threads", settings.Threads.ToString(CultureInfo.InvariantCulture)),
        ("system", $"{RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}"),
        ("versions", $"EtfNet {Version()}, TorchSharp {typeof(torch).Assembly.GetName().Version?.ToString(3)}, libtorch {torch.__version__}"),
        ("peer", peer),
        ("date", now.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture)),
        ("commit", Commit()),
        ("command", $"`{command}`"),
    ];

    private static string Version() => Information().Split('+')[0];

    /// <summary>What the build knew: the SDK writes the commit into the assembly.</summary>
    private static string Commit() => Information().Split('+') is [_, var commit, ..] ? commit : "not known to this build";

    private static string Information() => typeof(SimplexEtf).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    private static string Processor()
    {
        const string Information = "/proc/cpuinfo";
        var model = File.Exists(Information)
            ? File.ReadLines(Information).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim()
            : Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER");
        return model ?? "unknown processor";
    }

    /// <summary>The driver's own list; TorchSharp has no name for a device.</summary>
    private static string Gpu()
    {
        const string Drivers = "/proc/driver/nvidia/gpus";
        var names = Directory.Exists(Drivers)
            ? Directory.EnumerateFiles(Drivers, "information", SearchOption.AllDirectories)
                .SelectMany(File.ReadLines)
                .Where(line => line.StartsWith("Model:", StringComparison.Ordinal))
                .Select(line => line["Model:".Length..].Trim())
                .ToArray()
            : [];
        return names.Length > 0 ? string.Join(", ", names) : "a CUDA device whose name the system does not tell";
    }
}
