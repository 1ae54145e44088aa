using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A linear layer whose weight is a fixed simplex equiangular tight frame: <c>y = s E x + b</c>.</summary>
/// <remarks>
/// <para>Shapes: input <c>(*, d)</c>, output <c>(*, K)</c>, any leading dimensions, empty batches included; float32, float64, bfloat16,
/// float16. The weight has rows of norm s and pairwise cosine <c>-1/(K-1)</c>; it is never trained and, for identity and random frames,
/// never stored.</para>
/// <para>The identity frame with K = d and s = 1 is <c>c (x - mean(x))</c>, <c>c = sqrt(K/(K-1))</c>, as in the paper: rows of norm 1, like
/// those of a dense layer that keeps the variance of its inputs.</para>
/// <para>The state is that of any <see cref="SimplexEtfLayer"/>; the factors are <c>left</c> (K x w) and <c>right</c> (d x w) for an
/// aligned frame, and <c>matrix</c> (K x d) for a nearest frame. Source: Liu, arXiv 2412.00884, section 3.</para>
/// </remarks>
/// <example>
/// <code>
/// using var layer = new SimplexEtfLinear(512, 512, EtfFrame.Random(seed: 1));
/// var outputs = layer.call(randn(8, 512));       // 8 x 512; only the bias is trained
/// Console.WriteLine(layer.Etf);                  // the frame
/// </code>
/// </example>
public sealed partial class SimplexEtfLinear : SimplexEtfLayer
{
    private readonly FrameOperator _operator;

    /// <summary>Makes a layer that is fixed from the start.</summary>
    /// <param name="inFeatures">d, at least 1.</param>
    /// <param name="outFeatures">K, at least 2 and at most d + 1 unless the frame allows columns.</param>
    /// <param name="frame">Identity, random or dense random. The default is <see cref="EtfFrame.Identity"/>.</param>
    /// <param name="hasBias">Whether to add a bias; it starts at 0. The default is true.</param>
    /// <param name="trainBias">Whether the bias is trained. The default is true.</param>
    /// <param name="scale">s, the norm of the rows, positive and finite in the dtype. The default is 1.</param>
    /// <param name="trainScale">Whether s is trained. The default is false.</param>
    /// <param name="dtype">The floating point type of bias, scale and dense copies. The default is float32.</param>
    /// <param name="device">The default is the CPU.</param>
    /// <exception cref="ArgumentOutOfRangeException">No frame of that shape exists, or the scale is not positive and finite, or too large
    /// for the dtype.</exception>
    /// <exception cref="ArgumentException">The frame depends on a trained weight, or the dtype is not floating point.</exception>
    public SimplexEtfLinear(
        long inFeatures, long outFeatures, EtfFrame? frame = null, bool hasBias = true, bool trainBias = true, double scale = 1,
        bool trainScale = false, ScalarType? dtype = null, Device? device = null)
        : this(SimplexEtf.Create(frame ?? EtfFrame.Identity,
                FrameShape.For(frame ?? EtfFrame.Identity, outFeatures, inFeatures, nameof(outFeatures), nameof(inFeatures)), scale),
            hasBias ? Zeros(outFeatures, trainBias, dtype ?? ScalarType.Float32, device) : null, trainScale, dtype, device)
    {
    }

    /// <summary>Makes a layer from a given frame.</summary>
    /// <param name="etf">The frame; copied.</param>
    /// <param name="bias">K numbers, or null. A <see cref="Parameter"/> is used as the same object, trained or not; any other tensor
    /// becomes a fixed bias. The layer owns it.</param>
    /// <param name="trainScale">Whether s is trained. The default is false.</param>
    /// <param name="dtype">The floating point type of factors and scale. The default is the bias's, else float32.</param>
    /// <param name="device">The default is the bias's, else the CPU.</param>
    /// <exception cref="ArgumentNullException"><paramref name="etf"/> is null.</exception>
    /// <exception cref="ArgumentException">The bias does not have K numbers of the dtype on the device, or the dtype is not floating
    /// point.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The scale is too large for the dtype.</exception>
    public SimplexEtfLinear(SimplexEtf etf, Tensor? bias = null, bool trainScale = false, ScalarType? dtype = null, Device? device = null)
        : this((etf ?? throw new ArgumentNullException(nameof(etf))).Header, etf.FactorTensor, bias, trainScale, dtype, device)
    {
    }

    private SimplexEtfLinear(
        SimplexEtfHeader header, Func<string, Tensor> factor, Tensor? bias, bool trainScale, ScalarType? dtype, Device? device)
        : base(
            nameof(SimplexEtfLinear), header, [], header.Factors.Select(f => (f.Name, factor(f.Name))),
            bias, trainScale, dtype, device) =>
        _operator = FrameOperator.Create(header, name => get_buffer(name)!);

    /// <summary>Gets d, the size of the last dimension of the input.</summary>
    public long InFeatures => Shape.Columns;

    /// <summary>Gets K, the size of the last dimension of the output.</summary>
    public long OutFeatures => Shape.Rows;

    /// <summary>A layer whose factors are zeros until a state is loaded.</summary>
    internal static SimplexEtfLinear Blank(SimplexEtfHeader header, Tensor? bias, bool trainScale, ScalarType dtype, Device device) =>
        new(header, Blanks(header), bias, trainScale, dtype, device);

    /// <inheritdoc/>
    /// <exception cref="ArgumentNullException"><paramref name="input"/> is null.</exception>
    /// <exception cref="ArgumentException">The input's shape, type or device does not fit the layer.</exception>
    /// <exception cref="InvalidOperationException">The loaded state is that of another frame.</exception>
    public override Tensor forward(Tensor input)
    {
        var dimensions = CheckInput(input);
        using var scope = NewDisposeScope();
        var rows = dimensions == 2 ? input : input.reshape(input.numel() / InFeatures, InFeatures);
        var output = Run(rows, _operator);
        if (dimensions != 2)
        {
            var shape = input.shape;
            shape[^1] = OutFeatures;
            output = output.reshape(shape);
        }

        // As a Linear's: centering alone would keep the strides of a transposed input.
        return output.contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>Makes an equivalent dense layer.</summary>
    /// <returns>A new <c>nn.Linear</c> of the layer's dtype and device, with its own weight and bias, both trainable.</returns>
    public Linear ToDense()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var dense = nn.Linear(new Parameter(DenseMatrix()), Bias is { } bias ? new Parameter(bias.detach().clone()) : null);
        dense.train(training);
        return dense;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _operator.Dispose();
        base.Dispose(disposing);
    }

    private protected override Tensor? CreateDenseWeight(long outputs)
    {
        if (outputs != OutFeatures)
            return null;
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        return DenseMatrix().MoveToOuterDisposeScope();
    }

    /// <returns>The number of dimensions.</returns>
    private long CheckInput(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var dimensions = input.dim();
        if (dimensions == 0 || input.size(-1) != InFeatures)
            throw new ArgumentException(
                $"The input has the shape {TensorCheck.Shape(input)}; a layer of {InFeatures} inputs wants (*, {InFeatures}).",
                nameof(input));
        CheckKind(input);
        return dimensions;
    }
}
