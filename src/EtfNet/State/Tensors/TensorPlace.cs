using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Where a tensor's values lie and how they are laid out. Two tensors of one place are one: tied weights, whatever object they are
/// reached by.</summary>
/// <param name="Address">The first value's address on the CPU; elsewhere the tensor's handle, by which only the same object is seen to be
/// the same.</param>
/// <param name="Layout">Type, shape and strides.</param>
internal readonly record struct TensorPlace(nint Address, string Layout)
{
    /// <returns>Null for an empty tensor, which lies nowhere.</returns>
    public static TensorPlace? Of(Tensor tensor)
    {
        if (tensor.NumberOfElements == 0)
            return null;
        var layout = $"{tensor.dtype} {tensor.device} {StateTensor.Text(tensor.shape)} {StateTensor.Text(tensor.stride())}";
        if (tensor.device_type != TorchSharp.DeviceType.CPU)
            return new TensorPlace(tensor.Handle, layout);
        using var scope = NewDisposeScope();
        var first = tensor.detach();
        while (first.dim() > 0)
            first = first.select(0, 0);
        return new TensorPlace(Unsafe.ByteOffset(ref Unsafe.NullRef<byte>(), ref MemoryMarshal.GetReference(first.bytes)), layout);
    }
}
