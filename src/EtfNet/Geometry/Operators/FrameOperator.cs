using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A frame with rows (or columns) of norm 1 as a linear map, and its adjoint, without its matrix where the kind allows.</summary>
internal abstract class FrameOperator : IDisposable
{
    /// <summary>scale E x for each row.</summary>
    /// <param name="x">N x d, floating point; no gradient is recorded through what is done here unless the caller records it.</param>
    /// <param name="scale">A cached scalar: a native object each.</param>
    /// <returns>N x K, a new tensor of the current scope, never <paramref name="x"/> itself.</returns>
    public abstract Tensor Apply(Tensor x, FrameScale scale);

    /// <summary>scale E^T y for each row.</summary>
    /// <param name="y">N x K.</param>
    /// <param name="scale">As above.</param>
    /// <returns>N x d, a new tensor of the current scope.</returns>
    public abstract Tensor ApplyAdjoint(Tensor y, FrameScale scale);

    /// <summary>Releases what was made on the way; factors are borrowed and left alone.</summary>
    public abstract void Dispose();

    /// <summary>The operator of a realized frame.</summary>
    /// <param name="header">Kind, shape and seed.</param>
    /// <param name="factor">The factor of a name, for the kinds that have factors; borrowed, asked for at each use.</param>
    public static FrameOperator Create(SimplexEtfHeader header, Func<string, Tensor> factor)
    {
        var shape = header.Shape;
        FrameOperator points = header.Kind switch
        {
            EtfFrameKind.Identity => new CenteringOperator(shape),
            EtfFrameKind.Random => new KroneckerOperator(shape, header.Seed),
            EtfFrameKind.DenseRandom => new HaarOperator(shape, header.Seed),
            EtfFrameKind.Nearest => new DenseOperator(() => factor(SimplexEtfHeader.Matrix)),
            EtfFrameKind.Aligned => new LowRankOperator(shape, () => factor(SimplexEtfHeader.Left), () => factor(SimplexEtfHeader.Right)),
            _ => throw new ArgumentOutOfRangeException(nameof(header), header.Kind, "Unknown kind of frame."),
        };
        return shape.IsColumnFrame && points is CenteringOperator or KroneckerOperator ? new TransposedOperator(points) : points;
    }
}

/// <summary>The adjoint of another operator, as an operator.</summary>
internal sealed class TransposedOperator(FrameOperator inner) : FrameOperator
{
    public override Tensor Apply(Tensor x, FrameScale scale) => inner.ApplyAdjoint(x, scale);

    public override Tensor ApplyAdjoint(Tensor y, FrameScale scale) => inner.Apply(y, scale);

    public override void Dispose() => inner.Dispose();
}
