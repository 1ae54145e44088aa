using System.Diagnostics;
using System.Runtime.InteropServices;

namespace EtfNet.Tests.Support;

/// <summary>The memory that native code holds, tensors above all.</summary>
internal static class NativeHeap
{
    /// <summary>
    /// Bytes that are allocated and not freed. The resident memory, which stands in where glibc does not say it, may keep a freed block for
    /// the next one.
    /// </summary>
    public static long Allocated()
    {
        if (Read() is { } info)
            return (long)(info.InBlocks + info.Mapped);
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }

    /// <summary>Whether the C library is glibc, of a version that tells.</summary>
    public static bool IsGlibc => Read() is not null;

    /// <summary>Bytes of large blocks that were taken from the system one by one; 0 where glibc does not say it.</summary>
    public static long Mapped() => Read() is { } info ? (long)info.Mapped : 0;

    /// <summary>Bytes of the heap that are free and kept; 0 where glibc does not say it.</summary>
    public static long Free() => Read() is { } info ? (long)info.FreeBytes : 0;

    private static Info? Read() =>
        OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libc.so.6", out var glibc)
            && NativeLibrary.TryGetExport(glibc, "mallinfo2", out var address)
            ? Marshal.GetDelegateForFunctionPointer<MallInfo2>(address)()
            : null;

    private delegate Info MallInfo2();

    /// <summary>glibc's struct mallinfo2, all of size_t.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Info
    {
        private readonly nuint _arena, _freeBlocks, _freeFastBlocks, _mappedBlocks;
        public readonly nuint Mapped;
        private readonly nuint _unused, _freeFastBytes;
        public readonly nuint InBlocks;
        public readonly nuint FreeBytes;
        private readonly nuint _top;
    }
}
