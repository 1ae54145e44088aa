using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Copies of the floating-point tensors that a model gave, to tell whether it gives the same once it was changed.</summary>
internal sealed class OutputCopies : IDisposable
{
    private const double Tolerance = 0.02;

    private readonly IReadOnlyList<Tensor> _tensors;

    /// <param name="result">What the model gave.</param>
    public OutputCopies(object? result)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        _tensors =
        [
            .. TensorsOf.All(result).Where(output => is_floating_point(output))
                .Select(output => output.detach().to(float32, copy: true).DetachFromDisposeScope()),
        ];
    }

    /// <summary>Whether two results are the same but for rounding.</summary>
    public bool AreNear(OutputCopies other) =>
        _tensors.Count == other._tensors.Count && _tensors.Zip(other._tensors).All(pair => AreSame(pair.First, pair.Second));

    public void Dispose()
    {
        foreach (var tensor in _tensors)
            tensor.Dispose();
    }

    private static bool AreSame(Tensor one, Tensor other)
    {
        using var scope = NewDisposeScope();
        return one.shape.AsSpan().SequenceEqual(other.shape) && (one.NumberOfElements == 0 || one.allclose(
            other, 0, Tolerance * other.nan_to_num(0, 0, 0).abs().max().item<float>(), equal_nan: true));
    }
}
