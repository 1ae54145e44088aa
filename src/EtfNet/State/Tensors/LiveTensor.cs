using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A TorchSharp tensor, read when it is asked for; it stays its owner's.</summary>
/// <param name="source">The tensor, on any device and of any strides.</param>
/// <param name="piece">The most bytes that are brought to the CPU at a time; a multiple of 8.</param>
internal sealed class LiveTensor(Tensor source, int piece = StateTensor.MaxPiece)
    : StateTensor(TensorType.Of(source.dtype), [.. source.shape])
{
    public override void Read(Action<ReadOnlySpan<byte>> take)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var flat = source.detach().contiguous().view(-1);
        var (most, all) = (piece / (Type.Bits / 8), flat.NumberOfElements);
        for (long start = 0; start < all; start += most)
        {
            using var part = flat.narrow(0, start, Math.Min(most, all - start)).cpu();
            take(part.bytes);
        }
    }
}
