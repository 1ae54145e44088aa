using System.Reflection;
using System.Runtime.InteropServices;

namespace EtfNet.Benchmarks.Commands;

/// <summary>The machine, the versions and the moment of a run, in words.</summary>
internal static class MachineDescription
{
    /// <summary>Names and values, in the order in which a report has them.</summary>
    public static IReadOnlyDictionary<string, string> Of(RunSettings settings)
    {
        // The SDK writes the commit behind the version.
        var information = typeof(SimplexEtf).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!;
        var (version, bindings) = (information.InformationalVersion.Split('+'), typeof(torch).Assembly.GetName().Version!);
        return new Dictionary<string, string>
        {
            ["system"] = $"{RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}",
            ["processor"] = $"{Processor()}, {Environment.ProcessorCount} hardware threads, {RuntimeInformation.ProcessArchitecture}",
            ["memory"] = $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1 << 30):0.0} GiB",
            ["device"] = $"{settings}",
            ["threads"] = $"{settings.Threads}",
            ["versions"] = $"EtfNet {version[0]}, TorchSharp {bindings.ToString(3)}, libtorch {torch.__version__}",
            ["date"] = $"{DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC",
            ["commit"] = version.ElementAtOrDefault(1) ?? "not known to this build",
            ["command"] = $"`{string.Join(' ', Environment.GetCommandLineArgs().Skip(1))}`",
        };
    }

    private static string Processor() => !File.Exists("/proc/cpuinfo") ? "unknown processor" : File.ReadLines("/proc/cpuinfo")
        .FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal), "").Split(": ")[^1];
}
