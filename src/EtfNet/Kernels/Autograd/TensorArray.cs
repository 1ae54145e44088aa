using System.Runtime.InteropServices;

namespace EtfNet;

/// <summary>TorchSharp's <c>struct TensorArray { Tensor* array; int64_t size; }</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TensorArray
{
    public nint* Items;
    public long Count;
}
