using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;

namespace EtfNet.Tests.Support;

/// <summary>One torch thread for all tests: results repeat, and a busy machine does not stall small operations.</summary>
/// <remarks>
/// Samples take their number from the environment, and a thread that is new to torch takes the number that was set last by any. So the
/// environment says one too: the process's own, before torch is loaded, as .NET keeps to itself what it sets.
/// </remarks>
internal static class SingleThread
{
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "A test assembly has no other place to set it once.")]
    internal static void Set()
    {
        if (OperatingSystem.IsLinux())
            _ = SetEnvironment("OMP_NUM_THREADS", "1", overwrite: 1);
        torch.set_num_threads(1);
    }

    [DllImport("libc", EntryPoint = "setenv", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int SetEnvironment(string name, string value, int overwrite);
}
