using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A frame as its K x d matrix.</summary>
/// <param name="matrix">The matrix for inputs of a dtype and device, those of the tensor given; borrowed, asked for at each use.</param>
/// <param name="owned">What to dispose with the operator.</param>
internal sealed class DenseOperator(Func<Tensor, Tensor> matrix, IDisposable? owned = null) : FrameOperator
{
    /// <summary>An operator whose matrix is made at the first use and kept, but is no part of any state.</summary>
    public static DenseOperator Made(Func<Tensor> make)
    {
        var cache = new TensorCache(_ => make());
        return new DenseOperator(x => cache.For(x), cache);
    }

    public override Tensor Apply(Tensor x, FrameScale scale)
    {
        using var transposed = matrix(x).t();
        return Scaled(x.mm(transposed), scale);
    }

    public override Tensor ApplyAdjoint(Tensor y, FrameScale scale) => Scaled(y.mm(matrix(y)), scale);

    public override void Dispose() => owned?.Dispose();

    private static Tensor Scaled(Tensor product, FrameScale scale) => scale.Value == 1 ? product : product.mul_(scale.Times(1));
}
