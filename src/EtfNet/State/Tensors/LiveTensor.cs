using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A TorchSharp tensor, read when it is asked for; it stays its owner's.</summary>
internal sealed class LiveTensor(Tensor source) : StateTensor(TensorType.Of(source.dtype), [.. source.shape])
{
    public override void Read(Action<ReadOnlySpan<byte>> take)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var flat = source.detach().contiguous().view(-1);
        var (most, all) = (MaxPiece / (Type.Bits / 8), flat.NumberOfElements);
        for (long start = 0; start < all; start += most)
        {
            using var piece = flat.narrow(0, start, Math.Min(most, all - start)).cpu();
            take(piece.bytes);
        }
    }
}
