using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// A tensor as a kernel sees it: a strided one in CPU memory, of a type that kernels know. Valid while the tensor lives and keeps its
/// shape.
/// </summary>
internal readonly unsafe struct KernelTensor
{
    private const int Cpu = 0, Strided = 0;

    private readonly long* _sizes;
    private readonly long* _strides;

    private KernelTensor(byte* data, long* sizes, long* strides, int dimensions, ScalarType dtype)
    {
        (Data, Dimensions, Dtype) = ((nint)data, dimensions, dtype);
        _sizes = sizes;
        _strides = strides;
    }

    /// <summary>The address of the first element.</summary>
    public nint Data { get; }

    public int Dimensions { get; }

    public ScalarType Dtype { get; }

    /// <summary>The bytes of an element.</summary>
    public int ElementSize => SizeOf(Dtype);

    /// <summary>The number of elements.</summary>
    public long Count
    {
        get
        {
            var count = 1L;
            for (var i = 0; i < Dimensions; i++)
                count *= _sizes[i];
            return count;
        }
    }

    public long Size(int dimension) => _sizes[dimension];

    /// <summary>The elements from one index to the next; 1 where there is only one, which no index moves from.</summary>
    public long Stride(int dimension) => _sizes[dimension] == 1 ? 1 : _strides[dimension];

    /// <summary>Reads a tensor's shape and address.</summary>
    /// <returns>False for what kernels do not take: another device, layout or type, or a view that is negated when it is read.</returns>
    public static bool TryRead(NativeTorch torch, Tensor tensor, out KernelTensor read)
    {
        read = default;
        var handle = tensor.Handle;
        int device, layout, dtype;
        if (torch.DeviceType(handle, &device) != 0 || device != Cpu || torch.Layout(handle, &layout) != 0 || layout != Strided)
            return false;
        // The imaginary part of a conjugate is a view whose numbers are yet to be negated.
        if (torch.Dtype(handle, &dtype) != 0 || SizeOf((ScalarType)dtype) == 0 || tensor.is_neg())
            return false;
        long dimensions;
        long* sizes, strides;
        void* data;
        if (torch.Dim(handle, &dimensions) != 0 || torch.Sizes(handle, &sizes) != 0 || torch.Strides(handle, &strides) != 0)
            return false;
        if (torch.ConstDataPtr(handle, &data) != 0)
            return false;
        read = new KernelTensor((byte*)data, sizes, strides, (int)dimensions, (ScalarType)dtype);
        // A tensor without elements has no address; one with elements and none is none that this code knows.
        return data != null || read.Count == 0;
    }

    /// <summary>Makes a tensor without values, for a kernel to fill: of the current scope.</summary>
    /// <returns>The tensor and the address of its first element.</returns>
    /// <exception cref="InvalidOperationException">libtorch has no room for it.</exception>
    public static (Tensor Tensor, nint Data) New(NativeTorch torch, ReadOnlySpan<long> sizes, ReadOnlySpan<long> strides, ScalarType dtype)
    {
        nint handle;
        fixed (long* size = sizes, stride = strides)
            if (torch.EmptyStrided(sizes.Length, size, stride, (int)dtype, Cpu, -1, &handle) != 0)
                throw new InvalidOperationException(
                    $"libtorch could not make a tensor of shape ({string.Join(", ", sizes.ToArray())}) and type {dtype}.");
        var tensor = Tensor.UnsafeCreateTensor(handle);
        void* data;
        if (torch.MutableDataPtr(handle, &data) != 0)
            throw new InvalidOperationException("libtorch gave no address of a new tensor.");
        return (tensor, (nint)data);
    }

    private static int SizeOf(ScalarType dtype) => dtype switch
    {
        ScalarType.Float32 => sizeof(float),
        ScalarType.Float64 => sizeof(double),
        ScalarType.BFloat16 => sizeof(ushort),
        _ => 0,
    };
}
