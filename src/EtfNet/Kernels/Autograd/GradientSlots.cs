using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A thread's native memory for the handles that go to autograd and come from it.</summary>
/// <remarks>
/// TorchSharp copies returned tensors after the call that returns their handles, and never frees those. They are freed when the thread's
/// next gradient is asked for or a node is deleted, whichever comes first: at the end of the backward pass.
/// </remarks>
internal unsafe struct GradientSlots
{
    [ThreadStatic]
    private static GradientSlots* s_ofThread;

    /// <summary>The recorded output.</summary>
    public nint Wrapped;

    /// <summary>Handles of this library's own, to be freed; 0 for none.</summary>
    private nint _first, _second;

    /// <summary>This thread's. A few bytes per thread, never given back: autograd's threads end with the process.</summary>
    public static GradientSlots* OfThread()
    {
        if (s_ofThread == null)
            s_ofThread = (GradientSlots*)NativeMemory.AllocZeroed((nuint)sizeof(GradientSlots));
        return s_ofThread;
    }

    /// <summary>Keeps handles to gradients for autograd to copy.</summary>
    public void Keep(NativeTorch torch, Tensor? first, Tensor? second)
    {
        _first = New(torch, first);
        _second = New(torch, second);
    }

    /// <summary>
    /// Frees what is kept. A gradient that holds a graph's last reference takes nodes with it, whose deletion comes back here: nothing may
    /// be kept any more that is being freed.
    /// </summary>
    public void Release(NativeTorch torch)
    {
        var (first, second) = (_first, _second);
        _first = _second = 0;
        if (first != 0)
            torch.DeleteHandle(first);
        if (second != 0)
            torch.DeleteHandle(second);
    }

    /// <summary>What is kept, for autograd to read. This object does not move.</summary>
    public static TensorArray Kept(GradientSlots* slots, int count) => new() { Items = &slots->_first, Count = count };

    private static nint New(NativeTorch torch, Tensor? tensor)
    {
        if (tensor is null)
            return 0;
        nint handle;
        return torch.NewHandle(tensor.Handle, &handle) == 0
            ? handle
            : throw new InvalidOperationException("libtorch gave no second handle of a gradient.");
    }
}
