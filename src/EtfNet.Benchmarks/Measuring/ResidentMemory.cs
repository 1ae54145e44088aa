using System.Diagnostics;

namespace EtfNet.Benchmarks.Measuring;

/// <summary>This process's peak resident memory, which native tensors count in and managed profilers do not see.</summary>
internal static class ResidentMemory
{
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

    public static long Peak()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
