using EtfNet.Tests.Support;
using static TorchSharp.torch;

namespace EtfNet.Tests.Kernels;

/// <summary>This program asking for memory to be kept, as nothing undoes that in a process: <c>memory-probe keep|leave</c>.</summary>
internal static class MemoryProbe
{
    public const string Name = "memory-probe";

    /// <summary>
    /// What it gives where large blocks come from the heap, and where each is mapped on its own; 1 where the call said otherwise.
    /// </summary>
    public const int OnTheHeap = 11, Mapped = 12;

    public static int Run(string what)
    {
        if (what == "keep" && TorchMemory.KeepLargeBlocks() != NativeHeap.IsGlibc)
            return 1;
        using var large = ones(64 << 20);
        return NativeHeap.Mapped() > 200 << 20 ? Mapped : OnTheHeap;
    }
}
