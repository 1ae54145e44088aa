using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// A classifier that is fixed from the start: it scales features to the same length and applies a simplex ETF of K rows, <c>z = E (l
/// h/|h|)</c>.
/// </summary>
/// <remarks>
/// <para>Shapes: input <c>(*, d)</c>, output <c>(*, K)</c>, any leading dimensions. Nothing in the head is trained, and there is no bias.
/// The features learn to point along the rows of the frame, which are equally far apart for classes with ten samples and classes with ten
/// thousand. A logit is <c>TargetLogit</c> times the cosine of feature and row.</para>
/// <para>Train it with <see cref="DotRegressionLoss"/>; with cross entropy choose lengths whose product is about 10 or more, because logits
/// of at most 1 hardly separate classes. A sample whose features are all zero has logits 0 and no gradient. Source: Zhu et al., NeurIPS
/// 2021; Yang et al., NeurIPS 2022 (arXiv 2203.09081).</para>
/// </remarks>
public sealed class EtfHead : nn.Module<Tensor, Tensor>
{
    // A norm below this is no direction.
    private static readonly Scalar s_least = 1e-12;
    private static readonly Scalar s_one = 1.0;

    // Of a type that takes a dense layer as well: MaterializeEtf puts one here.
    [ComponentName(Name = "frame")]
    private readonly nn.Module<Tensor, Tensor> _frame;

    private readonly double _length;
    private readonly Scalar _featureLength;

    /// <summary>Makes a head with a frame that does not depend on a trained weight.</summary>
    /// <param name="inFeatures">d, at least 1.</param>
    /// <param name="classCount">K, at least 2 and at most d + 1.</param>
    /// <param name="frame">
    /// Identity, random or dense random. The default is <c>EtfFrame.Random(0)</c>: the identity would read the first K features only.
    /// </param>
    /// <param name="length">The norm of the rows, the square root of the paper's E_W; positive and finite. The default is 1.</param>
    /// <param name="featureLength">
    /// l, the length that features are scaled to, the square root of the paper's E_H; positive and finite. The default is 1.
    /// </param>
    /// <param name="dtype">The floating point type. The default is float32.</param>
    /// <param name="device">The default is the CPU.</param>
    /// <exception cref="ArgumentOutOfRangeException">No simplex ETF of K rows exists, or a length is not positive and finite.</exception>
    /// <exception cref="ArgumentException">The frame depends on a trained weight, or the dtype is not floating point.</exception>
    public EtfHead(
        long inFeatures, long classCount, EtfFrame? frame = null, double length = 1, double featureLength = 1,
        ScalarType dtype = ScalarType.Float32, Device? device = null)
        : this(Frame(inFeatures, classCount, frame, length), featureLength, dtype, device)
    {
    }

    /// <summary>Makes a head from a given frame, such as the one nearest to a trained classifier.</summary>
    /// <param name="etf">The frame, of rows; copied. Its scale is the norm of the rows.</param>
    /// <param name="featureLength">l, the length that features are scaled to. The default is 1.</param>
    /// <param name="dtype">The floating point type. The default is float32.</param>
    /// <param name="device">The default is the CPU.</param>
    /// <exception cref="ArgumentNullException"><paramref name="etf"/> is null.</exception>
    /// <exception cref="ArgumentException">
    /// The frame is a column frame, whose rows are not a simplex ETF, or the dtype is not floating point.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">The feature length is not positive and finite.</exception>
    public EtfHead(SimplexEtf etf, double featureLength = 1, ScalarType dtype = ScalarType.Float32, Device? device = null)
        : base(nameof(EtfHead))
    {
        ArgumentNullException.ThrowIfNull(etf);
        if (etf.IsColumnFrame)
            throw new ArgumentException($"A head wants a simplex ETF of its rows; {etf} is one of its columns.", nameof(etf));
        if (!double.IsFinite(featureLength) || featureLength <= 0)
            throw new ArgumentOutOfRangeException(nameof(featureLength), featureLength, "Must be positive and finite.");
        (InFeatures, ClassCount, FeatureLength, _length, _featureLength) = (etf.Columns, etf.Rows, featureLength, etf.Scale, featureLength);
        _frame = new SimplexEtfLinear(etf, dtype: dtype);
        RegisterComponents();
        OwnedState.Keep(this, device);
    }

    /// <summary>Gets d, the size of the last dimension of the input.</summary>
    public long InFeatures { get; }

    /// <summary>Gets K, the size of the last dimension of the output.</summary>
    public long ClassCount { get; }

    /// <summary>Gets the norm of the frame's rows.</summary>
    public double Length => _frame is SimplexEtfLinear linear ? linear.Scale : _length;

    /// <summary>Gets the length that features are scaled to.</summary>
    public double FeatureLength { get; }

    /// <summary>
    /// Gets the logit of a feature that points along its class's row, <see cref="Length"/> times <see cref="FeatureLength"/>: the target of
    /// <see cref="DotRegressionLoss"/>.
    /// </summary>
    public double TargetLogit => Length * FeatureLength;

    /// <inheritdoc/>
    /// <exception cref="ArgumentNullException"><paramref name="input"/> is null.</exception>
    /// <exception cref="ArgumentException">The input's last dimension is not d, or its type or device is not the head's.</exception>
    public override Tensor forward(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (input.dim() == 0 || input.size(-1) != InFeatures)
            throw new ArgumentException(
                $"The input has the shape {TensorCheck.Shape(input)}; a head of {InFeatures} features wants (*, {InFeatures}).",
                nameof(input));
        if (!is_floating_point(input.dtype))
            throw new ArgumentException(
                $"The input is {input.dtype}; a head wants a floating point type. Convert it with .to(ScalarType.Float32).", nameof(input));
        using var scope = NewDisposeScope();
        var norms = linalg.vector_norm(input, 2, [-1L], keepdim: true);
        var unit = input / norms.masked_fill(norms.lt(s_least), s_one);
        return _frame.call(FeatureLength == 1 ? unit : unit * _featureLength).MoveToOuterDisposeScope();
    }

    private static SimplexEtf Frame(long inFeatures, long classCount, EtfFrame? frame, double length)
    {
        if (inFeatures >= 1 && classCount - 1 > inFeatures)
            throw new ArgumentOutOfRangeException(
                nameof(classCount), classCount,
                $"No simplex ETF of {classCount} rows exists in {inFeatures} dimensions: give the head {classCount - 1} features or more.");
        frame ??= EtfFrame.Random(0);
        return SimplexEtf.Create(frame, FrameShape.For(frame, classCount, inFeatures, nameof(classCount), nameof(inFeatures)), length);
    }
}
