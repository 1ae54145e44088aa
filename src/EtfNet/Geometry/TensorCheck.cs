using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>What a tensor that comes from outside must be, with errors that name it.</summary>
internal static class TensorCheck
{
    /// <exception cref="ArgumentException">Not a matrix, not floating point, empty, or not finite.</exception>
    public static void Matrix(Tensor tensor, string name)
    {
        ArgumentNullException.ThrowIfNull(tensor, name);
        if (tensor.dim() != 2)
            throw new ArgumentException($"'{name}' must be a matrix (K x d); it has the shape {Shape(tensor)}.", name);
        Finite(tensor, name);
    }

    /// <exception cref="ArgumentException">Not floating point, empty, or not finite.</exception>
    public static void Finite(Tensor tensor, string name)
    {
        ArgumentNullException.ThrowIfNull(tensor, name);
        if (!is_floating_point(tensor.dtype))
            throw new ArgumentException($"'{name}' must be floating point; it is {tensor.dtype}. Convert it with .to(ScalarType.Float32).",
                name);
        if (tensor.numel() == 0)
            throw new ArgumentException($"'{name}' is empty: its shape is {Shape(tensor)}.", name);
        using var scope = NewDisposeScope();
        if (!tensor.detach().isfinite().all().item<bool>())
            throw new ArgumentException($"'{name}' of shape {Shape(tensor)} holds NaN or an infinity.", name);
    }

    public static string Shape(Tensor tensor) => "(" + string.Join(", ", tensor.shape) + ")";
}
