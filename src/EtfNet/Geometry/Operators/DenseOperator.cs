using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A frame kept as its K x d matrix.</summary>
internal sealed class DenseOperator(Func<Tensor> matrix) : FrameOperator
{
    public override Tensor Apply(Tensor x, FrameScale scale)
    {
        using var transposed = matrix().t();
        return Scaled(x.mm(transposed), scale);
    }

    public override Tensor ApplyAdjoint(Tensor y, FrameScale scale) => Scaled(y.mm(matrix()), scale);

    private static Tensor Scaled(Tensor product, FrameScale scale) => scale.Value == 1 ? product : product.mul_(scale.Times(1));

    public override void Dispose()
    {
    }
}
