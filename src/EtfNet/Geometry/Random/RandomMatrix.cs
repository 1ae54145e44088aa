using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The K x d matrices of random frames with points of norm 1, where a matrix is the better form.</summary>
internal static class RandomMatrix
{
    /// <summary>A dense random frame.</summary>
    public static Tensor Dense(FrameShape shape, long seed)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        // Each point is the centering of a column of the rotation.
        var points = Centering.Apply(Haar(shape.Space, seed), shape, FrameScale.One);
        return (shape.IsColumnFrame ? points : points.t()).contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>Whether a structured frame has so few points that its matrix is less work than the rotation of the whole space.</summary>
    public static bool IsSmaller(FrameShape shape) => shape.Points <= 2 * Math.Sqrt(shape.Space);

    /// <summary>A structured frame of few points; numbers beyond its own are never made.</summary>
    public static Tensor Structured(FrameShape shape, long seed)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var rotation = new KroneckerOperator(shape, seed);
        var points = rotation.ApplyAdjoint(eye(shape.Points, dtype: ScalarType.Float64), FrameScale.One);
        return (shape.IsColumnFrame ? points.t() : points).contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>The orthogonal factor of a normal matrix, with the signs that make its law Haar's (Mezzadri, Notices AMS 54,
    /// 2007).</summary>
    private static Tensor Haar(long size, long seed)
    {
        var random = new CounterRandom(seed, 0);
        var values = new double[checked(size * size)];
        for (var i = 0; i < values.Length; i++)
            values[i] = random.NextNormal();
        var (q, r) = linalg.qr(HostTensor.Of(values, size, size));
        return q * r.diagonal().sign();
    }
}
