using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A frame with rows (or columns) of norm 1 as a linear map, and its adjoint, without its matrix where the kind allows.</summary>
/// <remarks>Inputs are rows of d numbers; operators over patches take maps instead, and give a K-vector per position.</remarks>
internal abstract class FrameOperator : IDisposable
{
    /// <summary>
    /// Whether autograd may record the operations as they are: where they are few and save nothing, that is cheaper than a function of our
    /// own.
    /// </summary>
    /// <param name="x">The input.</param>
    public virtual bool RecordsItself(Tensor x) => false;

    /// <summary>scale E x for each row.</summary>
    /// <param name="x">N x d, floating point.</param>
    /// <param name="scale">A cached scalar: a native object each.</param>
    /// <returns>N x K, a new tensor of the current scope, never <paramref name="x"/> itself.</returns>
    public abstract Tensor Apply(Tensor x, FrameScale scale);

    /// <summary>scale E^T y for each row.</summary>
    /// <param name="y">N x K.</param>
    /// <param name="scale">As above.</param>
    /// <returns>N x d, a new tensor of the current scope.</returns>
    public abstract Tensor ApplyAdjoint(Tensor y, FrameScale scale);

    /// <summary>scale E x + bias.</summary>
    /// <param name="x">As above.</param>
    /// <param name="scale">As above.</param>
    /// <param name="bias">K numbers, or null.</param>
    /// <returns>As above.</returns>
    public virtual Tensor Apply(Tensor x, FrameScale scale, Tensor? bias)
    {
        var y = Apply(x, scale);
        return bias is null ? y : AddBias(y, bias);
    }

    /// <summary>scale E^T y + bias, for the frame that is this one's transpose.</summary>
    /// <param name="y">N x K.</param>
    /// <param name="scale">As above.</param>
    /// <param name="bias">d numbers, or null.</param>
    /// <returns>As above.</returns>
    public virtual Tensor ApplyAdjoint(Tensor y, FrameScale scale, Tensor? bias)
    {
        var x = ApplyAdjoint(y, scale);
        return bias is null ? x : AddBias(x, bias);
    }

    /// <summary>Adds a bias of K numbers to outputs, in place.</summary>
    public virtual Tensor AddBias(Tensor y, Tensor bias) => y.add_(bias);

    /// <summary>The gradient of the bias, from that of the outputs.</summary>
    public virtual Tensor BiasGradient(Tensor gradient) => gradient.sum(0L);

    /// <summary>Releases what was made on the way; factors are borrowed and left alone.</summary>
    public abstract void Dispose();

    /// <summary>The operator of a realized frame.</summary>
    /// <param name="header">Kind, shape and seed.</param>
    /// <param name="factor">The factor of a name, for the kinds that have factors; borrowed, asked for at each use.</param>
    public static FrameOperator Create(SimplexEtfHeader header, Func<string, Tensor> factor)
    {
        var (shape, seed) = (header.Shape, header.Seed);
        return header.Kind switch
        {
            EtfFrameKind.Identity => Oriented(new CenteringOperator(shape)),
            EtfFrameKind.Random when RandomMatrix.IsSmaller(shape) => DenseOperator.Made(() => RandomMatrix.Structured(shape, seed)),
            EtfFrameKind.Random => Oriented(new KroneckerOperator(shape, seed)),
            EtfFrameKind.DenseRandom => DenseOperator.Made(() => RandomMatrix.Dense(shape, seed)),
            EtfFrameKind.Nearest => new DenseOperator(_ => factor(SimplexEtfHeader.Matrix)),
            EtfFrameKind.Aligned =>
                new LowRankOperator(shape, header.Rank, () => factor(SimplexEtfHeader.Left), () => factor(SimplexEtfHeader.Right)),
            _ => throw new ArgumentOutOfRangeException(nameof(header), header.Kind, "Unknown kind of frame."),
        };

        FrameOperator Oriented(FrameOperator points) => shape.IsColumnFrame ? new TransposedOperator(points) : points;
    }
}

/// <summary>The adjoint of another operator, as an operator.</summary>
internal sealed class TransposedOperator(FrameOperator inner) : FrameOperator
{
    public override bool RecordsItself(Tensor x) => inner.RecordsItself(x);

    public override Tensor Apply(Tensor x, FrameScale scale) => inner.ApplyAdjoint(x, scale);

    public override Tensor Apply(Tensor x, FrameScale scale, Tensor? bias) => inner.ApplyAdjoint(x, scale, bias);

    public override Tensor ApplyAdjoint(Tensor y, FrameScale scale) => inner.Apply(y, scale);

    public override void Dispose() => inner.Dispose();
}
