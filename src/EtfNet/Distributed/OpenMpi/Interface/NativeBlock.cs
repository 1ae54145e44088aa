using System.Runtime.InteropServices;

namespace EtfNet;

/// <summary>Memory that does not move and that MPI may write to at any time until it is freed.</summary>
internal sealed unsafe class NativeBlock(int bytes = 0) : IDisposable
{
    private int _length = bytes;

    public nint Address { get; private set; } = (nint)NativeMemory.AllocZeroed((nuint)bytes);

    /// <summary>Grows the block, whose content is lost; call it only while MPI is not working on the block.</summary>
    public void Reserve(int bytes)
    {
        if (bytes <= _length)
            return;
        NativeMemory.Free((void*)Address);
        (Address, _length) = ((nint)NativeMemory.Alloc((nuint)bytes), bytes);
    }

    public Span<T> View<T>(int count)
        where T : unmanaged => new((void*)Address, count);

    public void Dispose()
    {
        NativeMemory.Free((void*)Address);
        Address = 0;
    }
}
