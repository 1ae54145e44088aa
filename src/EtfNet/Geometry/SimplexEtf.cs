using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A realized simplex equiangular tight frame: K rows of norm s in R^d with pairwise cosine <c>-1/(K-1)</c>, or its column
/// form.</summary>
/// <remarks>
/// Immutable, comparable by value, and without native memory. Identity and random frames take a few bytes; an aligned frame takes <c>(K +
/// d)(r + 1)</c> numbers. Only the nearest frame takes K x d numbers. Source: Papyan, Han, Donoho, PNAS 2020; Liu, arXiv 2412.00884; for
/// the nearest frame, Markou et al., NeurIPS 2024.
/// </remarks>
public sealed partial class SimplexEtf : IEquatable<SimplexEtf>
{
    private readonly IReadOnlyDictionary<string, double[]> _factors;

    internal SimplexEtf(SimplexEtfHeader header, IReadOnlyDictionary<string, double[]> factors)
    {
        if (header.Problem() is { } problem)
            throw new ArgumentException($"Not a simplex ETF: {problem}.", nameof(header));
        header.RequireFactors(factors);
        (Header, _factors) = (header, factors);
    }

    /// <summary>Gets the number of rows K, the outputs of a layer.</summary>
    public long Rows => Header.Shape.Rows;

    /// <summary>Gets the number of columns d, the inputs of a layer.</summary>
    public long Columns => Header.Shape.Columns;

    /// <summary>Gets how the frame was chosen.</summary>
    public EtfFrameKind Kind => Header.Kind;

    /// <summary>Gets the seed of a random kind; 0 for the others.</summary>
    public long Seed => Header.Seed;

    /// <summary>Gets the norm s of every row (of every column in a column frame).</summary>
    public double Scale => Header.Scale;

    /// <summary>Gets, for an aligned frame, the rank of its rotation, which is the number of input directions that it turns; 0 for the
    /// other kinds.</summary>
    public int Rank => Header.Rank;

    /// <summary>Gets whether the columns, not the rows, are the simplex ETF.</summary>
    public bool IsColumnFrame => Header.Shape.IsColumnFrame;

    internal SimplexEtfHeader Header { get; }

    internal IReadOnlyDictionary<string, double[]> Factors => _factors;

    /// <summary>Makes a frame that does not depend on a trained weight.</summary>
    /// <param name="frame"><see cref="EtfFrame.Identity"/>, <see cref="EtfFrame.Random"/> or <see cref="EtfFrame.DenseRandom"/>.</param>
    /// <param name="rows">K, at least 2 and at most d + 1 unless the choice allows columns.</param>
    /// <param name="columns">d, at least 1.</param>
    /// <param name="scale">The norm s of the rows, positive and finite. The default is 1.</param>
    /// <returns>The frame.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="frame"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">No frame of that shape exists, or the scale is not positive and finite.</exception>
    /// <exception cref="ArgumentException">The kind depends on a trained weight: see <see cref="NearestTo"/>.</exception>
    public static SimplexEtf Create(EtfFrame frame, long rows, long columns, double scale = 1) =>
        Create(frame, FrameShape.For(frame, rows, columns, nameof(rows), nameof(columns)), scale);

    internal static SimplexEtf Create(EtfFrame frame, FrameShape shape, double scale)
    {
        if (frame.Kind is EtfFrameKind.Nearest or EtfFrameKind.Aligned)
            throw new ArgumentException(
                $"{frame} depends on a trained weight. Without one, choose {nameof(EtfFrame.Identity)} or {nameof(EtfFrame.Random)}.",
                    nameof(frame));
        if (!double.IsFinite(scale) || scale <= 0)
            throw new ArgumentOutOfRangeException(nameof(scale), scale, "The norm of the rows must be positive and finite.");
        return new SimplexEtf(new SimplexEtfHeader(frame.Kind, shape, frame.Seed, scale, 0), new Dictionary<string, double[]>());
    }

    /// <summary>Finds the simplex ETF nearest to a matrix in the Frobenius norm, scale included: <c>polar(C M)</c>, from one thin
    /// SVD.</summary>
    /// <param name="matrix">K x d, floating point, finite. The computation is on its device, in its dtype but at least in float32.</param>
    /// <param name="orColumns">Whether the column frame may be taken for K &gt; d + 1. The default is false.</param>
    /// <returns>The frame, of kind <see cref="EtfFrameKind.Nearest"/>.</returns>
    /// <exception cref="ArgumentException">The matrix is not a finite floating point matrix, or is zero after centering.</exception>
    /// <exception cref="ArgumentOutOfRangeException">No frame of that shape exists.</exception>
    public static SimplexEtf NearestTo(Tensor matrix, bool orColumns = false)
    {
        TensorCheck.Matrix(matrix, nameof(matrix));
        var shape = ShapeOf(matrix, orColumns);
        return NearestFrame.To(matrix, shape)
            ?? throw new ArgumentException("The matrix is zero after centering: every frame is equally near. Choose another kind of frame.",
                nameof(matrix));
    }

    /// <summary>Finds the frame of low-rank form that agrees with a matrix on the leading directions of its inputs.</summary>
    /// <param name="matrix">K x d, floating point, finite.</param>
    /// <param name="inputs">A sample (N, d) of the vectors that the matrix is applied to, centered if a bias takes up the mean.</param>
    /// <param name="rank">The maximum number of directions to keep, from 1 to d; directions beyond K - 1 have no effect.</param>
    /// <param name="orColumns">Whether the column frame may be taken for K &gt; d + 1. The default is false.</param>
    /// <returns>The frame, of kind <see cref="EtfFrameKind.Aligned"/>, with the least-squares scale over the sample, computed in float64.
    /// It is returned even if it is not cheaper than a dense matrix.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The rank does not lie in [1, d], or no frame of that shape exists.</exception>
    /// <exception cref="ArgumentException">A tensor is not finite floating point, the shapes do not fit, or the centered matrix sends every
    /// input to zero.</exception>
    public static SimplexEtf AlignedTo(Tensor matrix, Tensor inputs, int rank, bool orColumns = false)
    {
        TensorCheck.Matrix(matrix, nameof(matrix));
        TensorCheck.Matrix(inputs, nameof(inputs));
        var shape = ShapeOf(matrix, orColumns);
        if (rank < 1 || rank > shape.Columns)
            throw new ArgumentOutOfRangeException(nameof(rank), rank,
                $"A matrix of {shape.Rows} x {shape.Columns} has 1 to {shape.Columns} input directions to keep.");
        if (inputs.shape[1] != shape.Columns)
            throw new ArgumentException(
                $"The inputs have the shape {TensorCheck.Shape(inputs)}; a matrix of {shape.Rows} x {shape.Columns} wants "
                + $"(N, {shape.Columns}).", nameof(inputs));
        return AlignedFrame.To(matrix, inputs, rank, shape)
            ?? throw new ArgumentException("After centering, the matrix sends every input to zero: there is nothing to align with.",
                nameof(matrix));
    }

    /// <summary>Measures how far a matrix is from a simplex ETF.</summary>
    /// <param name="matrix">K x d, floating point, finite, at least 2 rows.</param>
    /// <param name="columns">Whether to measure the columns instead of the rows. The default is false.</param>
    /// <returns>The departures of norms, cosines and tightness; all 0 for a simplex ETF.</returns>
    /// <exception cref="ArgumentException">The matrix is not a finite floating point matrix, or has fewer than 2 points.</exception>
    public static EtfDeparture Measure(Tensor matrix, bool columns = false)
    {
        TensorCheck.Matrix(matrix, nameof(matrix));
        return EtfDeparture.Of(matrix, columns);
    }

    /// <summary>Computes the dense matrix.</summary>
    /// <param name="dtype">A floating point type. The default is float64.</param>
    /// <param name="device">The default is the CPU.</param>
    /// <returns>A K x d tensor of the current dispose scope, computed in float64.</returns>
    /// <exception cref="ArgumentException">The dtype is not a floating point type.</exception>
    public Tensor ToTensor(ScalarType dtype = ScalarType.Float64, Device? device = null)
    {
        if (!is_floating_point(dtype))
            throw new ArgumentException($"A frame needs a floating point dtype, not {dtype}.", nameof(dtype));
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var map = FrameOperator.Create(Header, FactorTensor);
        using var unit = eye(Columns, dtype: ScalarType.Float64);
        return map.Apply(unit, new FrameScale(Scale)).t().to(dtype, device ?? CPU).contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>The same frame with rows of another norm.</summary>
    /// <param name="scale">Positive and finite.</param>
    /// <returns>A frame that shares the factors.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The scale is not positive and finite.</exception>
    public SimplexEtf WithScale(double scale) => double.IsFinite(scale) && scale > 0
        ? new SimplexEtf(Header with { Scale = scale }, _factors)
        : throw new ArgumentOutOfRangeException(nameof(scale), scale, "The norm of the rows must be positive and finite.");

    /// <summary>Factor <paramref name="name"/> as a float64 tensor of the current scope.</summary>
    internal Tensor FactorTensor(string name)
    {
        var (_, rows, columns) = Header.Factors.First(factor => factor.Name == name);
        return HostTensor.Of(_factors[name], rows, columns);
    }

    private static FrameShape ShapeOf(Tensor matrix, bool orColumns) => FrameShape.For(
        orColumns ? EtfFrame.Nearest.OrColumns : EtfFrame.Nearest, matrix.shape[0], matrix.shape[1], nameof(matrix), nameof(matrix));

    /// <inheritdoc/>
    public bool Equals(SimplexEtf? other) => other is not null && Header == other.Header
        && _factors.All(factor => factor.Value.AsSpan().SequenceEqual(other._factors[factor.Key]));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SimplexEtf);

    /// <inheritdoc/>
    public override int GetHashCode() => Header.GetHashCode();

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"SimplexEtf({Header.Signature}, scale {Scale})");
}
