using System.Reflection;

namespace EtfNet.Benchmarks.Commands;

/// <summary>The machine, the versions and the moment of a run, in words; BenchmarkDotNet's own results have more of the hardware.</summary>
internal static class MachineDescription
{
    /// <summary>Names and values, in the order in which a report has them.</summary>
    public static IReadOnlyDictionary<string, string> Of(RunSettings settings)
    {
        // The SDK writes the commit behind the version.
        var version = typeof(SimplexEtf).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+');
        return new Dictionary<string, string>
        {
            ["memory"] = $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1 << 30):0.0} GiB",
            ["device"] = $"{settings}",
            ["threads"] = $"{settings.Threads}",
            ["versions"] = $"EtfNet {version[0]}, TorchSharp {typeof(torch).Assembly.GetName().Version?.ToString(3)}, libtorch {torch.__version__}",
            ["date"] = $"{DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC",
            ["commit"] = version.ElementAtOrDefault(1) ?? "not known to this build",
            ["command"] = $"`{string.Join(' ', Environment.GetCommandLineArgs().Skip(1))}`",
        };
    }
}
