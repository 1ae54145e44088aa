using System.Runtime.InteropServices;

namespace EtfNet;

/// <summary>How the process keeps the memory of its tensors. The library changes nothing of it unasked.</summary>
public static unsafe class TorchMemory
{
    // Of glibc's malloc.h.
    private const int TrimThreshold = -1, TopPad = -2, MostMapped = -4;

    private const int PadBytes = 64 << 20;

    /// <summary>Lets glibc keep the memory of freed tensors, large ones included, for the next ones.</summary>
    /// <remarks>
    /// <para>By default glibc takes each large block from the system and gives it back when it is freed (from 128 KiB on, later from up
    /// to 32 MiB), so that every step of a training maps the same pages anew: for tensors of 32 MiB and more that costs up to 50 times a
    /// copy of them. This call turns that off for the whole process: no block is mapped on its own (<c>M_MMAP_MAX</c> 0), memory is taken
    /// 64 MiB ahead (<c>M_TOP_PAD</c>) and given back only where more than 2 GiB lie free at its end (<c>M_TRIM_THRESHOLD</c>). Call it
    /// once, before the first tensor.</para>
    /// <para>It costs memory: the process stays about as large as it ever was, and a long-lived small block can keep free memory before
    /// it from the system. Where several processes share a machine, or tensors are large only once, leave it.</para>
    /// </remarks>
    /// <returns>Whether it was done: true on Linux with glibc; false on other systems, where nothing happens.</returns>
    public static bool KeepLargeBlocks()
    {
        if (!OperatingSystem.IsLinux() || !NativeLibrary.TryLoad("libc.so.6", out var library)
            || !NativeLibrary.TryGetExport(library, "gnu_get_libc_version", out _)
            || !NativeLibrary.TryGetExport(library, "mallopt", out var address))
            return false;
        // int mallopt(int param, int value): 1 on success.
        var set = (delegate* unmanaged[Cdecl]<int, int, int>)address;
        return set(MostMapped, 0) == 1 & set(TrimThreshold, int.MaxValue) == 1 & set(TopPad, PadBytes) == 1;
    }
}
