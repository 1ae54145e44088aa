using System.Runtime.InteropServices;

namespace EtfNet;

/// <summary>How the process keeps the memory of its tensors. The library does not change this unless you call it.</summary>
public static unsafe class TorchMemory
{
    // Of glibc's malloc.h.
    private const int TrimThreshold = -1, TopPad = -2, MostMapped = -4;

    private const int PadBytes = 64 << 20;

    /// <summary>Makes glibc keep the memory of freed tensors, large ones included, for later tensors.</summary>
    /// <remarks>
    /// <para>By default glibc takes each large block from the system and returns it when it is freed (from 128 KiB on, later from up to 32
    /// MiB), so every training step maps the same pages again. For tensors of 32 MiB or more this costs up to 50 times as much as copying
    /// them. This call turns it off for the whole process: no block is mapped separately (<c>M_MMAP_MAX</c> 0), memory is taken 64 MiB
    /// ahead (<c>M_TOP_PAD</c>), and it is returned only if more than 2 GiB are free at its end (<c>M_TRIM_THRESHOLD</c>). Call it once,
    /// before the first tensor.</para>
    /// <para>It also makes libtorch align blocks of 2 MiB or more to pages, and request huge pages (<c>THP_MEM_ALLOC_ENABLE</c>, which
    /// libtorch reads at the first tensor; a value already set in the environment is kept). Otherwise glibc does not reuse the memory of a
    /// freed tensor (its bug 14581), with or without the rest of this call: the process grows by about 10 MB per step of an optimizer over
    /// weights of 4 MiB.</para>
    /// <para>It costs memory: the process stays about as large as its peak, and a long-lived small block can prevent the return of free
    /// memory before it. Do not call it if several processes share a machine, or if tensors are large only once.</para>
    /// </remarks>
    /// <returns>True on Linux with glibc; false on other systems, where nothing happens.</returns>
    public static bool KeepLargeBlocks()
    {
        if (!OperatingSystem.IsLinux() || !NativeLibrary.TryLoad("libc.so.6", out var library)
            || !NativeLibrary.TryGetExport(library, "gnu_get_libc_version", out _)
            || !NativeLibrary.TryGetExport(library, "mallopt", out var address))
            return false;
        // int setenv(const char *name, const char *value, int overwrite): .NET keeps the variables that it sets to itself.
        if (NativeLibrary.TryGetExport(library, "setenv", out var environment))
            fixed (byte* name = "THP_MEM_ALLOC_ENABLE"u8, one = "1"u8)
                _ = ((delegate* unmanaged[Cdecl]<byte*, byte*, int, int>)environment)(name, one, 0);

        // int mallopt(int param, int value): 1 on success.
        var set = (delegate* unmanaged[Cdecl]<int, int, int>)address;
        return set(MostMapped, 0) == 1 & set(TrimThreshold, int.MaxValue) == 1 & set(TopPad, PadBytes) == 1;
    }
}
