using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Numbers of managed memory as tensors.</summary>
internal static class HostTensor
{
    /// <summary>
    /// A copy in libtorch's memory, of the current scope. A tensor over managed memory, aligned to 8 bytes, will not do: on some processors
    /// the last bit of a product depends on the alignment, and so would change from one call to the next.
    /// </summary>
    public static Tensor Of(double[] values, long rows, long columns)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        return frombuffer(values, float64).reshape(rows, columns).clone().MoveToOuterDisposeScope();
    }
}
