using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A dense random frame: its matrix is made from the seed at the first use and kept, but is no part of any state.</summary>
internal sealed class HaarOperator : FrameOperator
{
    private readonly TensorCache _matrix;
    private readonly FrameShape _shape;
    private readonly long _seed;

    public HaarOperator(FrameShape shape, long seed)
    {
        (_shape, _seed) = (shape, seed);
        _matrix = new TensorCache(_ => Matrix());
    }

    public override Tensor Apply(Tensor x, FrameScale scale) => For(x).Apply(x, scale);

    public override Tensor ApplyAdjoint(Tensor y, FrameScale scale) => For(y).ApplyAdjoint(y, scale);

    public override void Dispose() => _matrix.Dispose();

    private DenseOperator For(Tensor x) => new(() => _matrix.For(x));

    private Tensor Matrix()
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        var rotation = DenseHaar(_shape.Space, _seed);
        // The rows of the frame are A applied to the columns of the rotation.
        var points = Centering.Apply(rotation, _shape, FrameScale.One);
        return (_shape.IsColumnFrame ? points : points.t()).contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>The orthogonal factor of a normal matrix, with the signs that make its law Haar's (Mezzadri, Notices AMS 54, 2007).</summary>
    internal static Tensor DenseHaar(long size, long seed)
    {
        using var scope = NewDisposeScope();
        var random = new CounterRandom(seed, 0);
        var values = new double[checked(size * size)];
        for (var i = 0; i < values.Length; i++)
            values[i] = random.NextNormal();
        var (q, r) = linalg.qr(tensor(values, [size, size]));
        return (q * r.diagonal().sign()).MoveToOuterDisposeScope();
    }
}
