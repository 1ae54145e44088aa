using System.Diagnostics;
using System.Runtime.InteropServices;

namespace EtfNet.Tests.Support;

/// <summary>The memory that native code holds, tensors above all.</summary>
internal static class NativeHeap
{
    /// <summary>
    /// Bytes that are allocated and not freed. The resident memory, which stands in where glibc does not say it, may keep a freed block for the next one.
    /// </summary>
    public static long Allocated()
    {
        if (OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libc.so.6", out var glibc) && NativeLibrary.TryGetExport(glibc, "mallinfo2", out var address))
        {
            var info = Marshal.GetDelegateForFunctionPointer<MallInfo2>(address)();
            return (long)(info.InBlocks + info.Mapped);
        }

        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }

    private delegate Info MallInfo2();

    /// <summary>glibc's struct mallinfo2, all of size_t.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Info
    {
        private readonly nuint _arena, _freeBlocks, _freeFastBlocks, _mappedBlocks;
        public readonly nuint Mapped;
        private readonly nuint _unused, _freeFastBytes;
        public readonly nuint InBlocks;
        private readonly nuint _freeBytes, _top;
    }
}
