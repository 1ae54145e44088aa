using System.Globalization;

namespace EtfNet.Benchmarks.Measuring;

/// <summary>This process's peak resident memory, which native tensors count in and managed profilers do not see. Linux only.</summary>
internal static class ResidentMemory
{
    private const string Status = "/proc/self/status";
    private const string Clear = "/proc/self/clear_refs";

    /// <summary>Starts the peak anew where the system can; elsewhere the peak is that of the process.</summary>
    public static void ResetPeak()
    {
        try
        {
            // 5: "the peak resident set size is set to the current value" (proc(5)).
            if (File.Exists(Clear))
                File.WriteAllText(Clear, "5");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Some containers forbid it.
        }
    }

    /// <summary>Bytes; null where the system does not tell.</summary>
    public static long? Peak() => File.Exists(Status) ? Parse(File.ReadLines(Status)) : null;

    internal static long? Parse(IEnumerable<string> status)
    {
        // Such as "VmHWM:      2048 kB".
        var words = status.FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))?.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        return words is null ? null : 1024 * long.Parse(words[1], CultureInfo.InvariantCulture);
    }
}
