using System.Runtime.InteropServices;
using TorchSharp;

namespace EtfNet.Samples;

/// <summary>Describes the machine in words, for results that are kept.</summary>
public static class Hardware
{
    public static string Describe(TrainingRecipe recipe) =>
        $"{Processor()}, {recipe.Threads} of {Environment.ProcessorCount} hardware threads, device {recipe.Device}, "
        + $"{RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}, TorchSharp {typeof(torch).Assembly.GetName().Version?.ToString(3)}";

    private static string Processor()
    {
        const string Information = "/proc/cpuinfo";
        var model = File.Exists(Information)
            ? File.ReadLines(Information).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim()
            : Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER");
        return $"{model ?? "unknown processor"} ({RuntimeInformation.ProcessArchitecture})";
    }
}
