using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A tensor's values as bytes of managed memory.</summary>
internal sealed record TensorMemory(string Name, ScalarType Dtype, long[] Shape, byte[] Bytes)
{
    /// <exception cref="NotSupportedException">The tensor is larger than 2 GiB.</exception>
    public static TensorMemory Capture(string name, Tensor source)
    {
        using var scope = NewDisposeScope();
        if (source.NumberOfElements * source.ElementSize > Array.MaxLength)
            throw new NotSupportedException($"'{name}' is larger than 2 GiB, which a checkpoint cannot hold.");
        return new TensorMemory(name, source.dtype, [.. source.shape], source.detach().cpu().contiguous().bytes.ToArray());
    }

    /// <summary>Why this does not fit a tensor of a type and shape; null where it does.</summary>
    public string? Mismatch(ScalarType dtype, long[] shape) => dtype != Dtype || !shape.AsSpan().SequenceEqual(Shape)
        ? $"'{Name}' is {dtype} ({string.Join(", ", shape)}), the saved one {Dtype} ({string.Join(", ", Shape)})"
        : null;

    /// <summary>Writes the values into a tensor of the same type and shape, on any device.</summary>
    public void Restore(Tensor target)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var host = empty(Shape, dtype: Dtype);
        Bytes.CopyTo(host.bytes);
        target.copy_(host);
    }
}
