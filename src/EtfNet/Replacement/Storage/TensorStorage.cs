using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// The memory that a tensor's numbers lie in. Two tensors share it, whatever their handles, where the address is the same.
/// </summary>
internal static class TensorStorage
{
    /// <summary>The address where the storage begins; zero where there is none: disposed, empty, sparse or without data.</summary>
    public static IntPtr Address(Tensor tensor) =>
        tensor.IsInvalid || tensor.is_sparse || tensor.device_type == DeviceType.META ? IntPtr.Zero : new Pointer(tensor).data_ptr();

    /// <summary>Whether two tensors are the same numbers in the same order: one of them is a view of the other, or both are one.</summary>
    public static bool IsSame(Tensor a, Tensor b) =>
        Address(a) is var address && address != IntPtr.Zero && address == Address(b) && a.dtype == b.dtype
        && a.storage_offset() == b.storage_offset() && a.shape.AsSpan().SequenceEqual(b.shape)
            && a.stride().AsSpan().SequenceEqual(b.stride());

    /// <summary>Reads the address whatever the dtype; <c>storage&lt;T&gt;()</c> has no T for the half precisions and would copy.</summary>
    private sealed class Pointer(Tensor tensor) : Storage(tensor)
    {
        public override int element_size() => 1;
    }
}
