using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Tensors whose elements share memory, as <c>expand</c> makes them.</summary>
internal static class Overlap
{
    /// <summary>Copies values of the same shape into a tensor, each number once where it stands for several.</summary>
    public static void Write(Tensor target, Tensor values)
    {
        using var scope = NewDisposeScope();
        var strides = target.stride();
        for (var i = 0; i < strides.Length; i++)
            if (strides[i] == 0 && target.shape[i] > 1)
                (target, values) = (target.narrow(i, 0, 1), values.narrow(i, 0, 1));
        target.copy_(values);
    }
}
