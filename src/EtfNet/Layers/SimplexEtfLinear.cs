using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A linear layer whose weight is a fixed simplex equiangular tight frame: <c>y = s E x + b</c>.</summary>
/// <remarks>
/// <para>Shapes: input <c>(*, d)</c>, output <c>(*, K)</c>, any leading dimensions, empty batches included; float32, float64, bfloat16, float16.
/// The weight has rows of norm s and pairwise cosine <c>-1/(K-1)</c>; it is never trained and, for identity and random frames, never stored.</para>
/// <para>The identity frame with K = d and s = 1 is <c>c (x - mean(x))</c>, <c>c = sqrt(K/(K-1))</c>, as in the paper: rows of norm 1, as a dense layer has
/// them that keeps the variance of its inputs.</para>
/// <para>State: one number for the frame, under a name that holds kind, shape, seed and rank, so that the state of another frame is refused by name;
/// <c>left</c> and <c>right</c> for an aligned, <c>matrix</c> for a nearest frame; <c>bias</c> and <c>scale</c> where there are such.
/// Source: Liu, arXiv 2412.00884, section 3.</para>
/// </remarks>
public sealed partial class SimplexEtfLinear : nn.Module<Tensor, Tensor>
{
    private const string BiasName = "bias";
    private const string ScaleName = "scale";

    private readonly SimplexEtfHeader _header;
    private readonly FrameOperator _operator;
    private readonly string _stateName;
    private FrameScale? _scale;

    /// <summary>Makes a layer that is fixed from the start.</summary>
    /// <param name="inFeatures">d, at least 1.</param>
    /// <param name="outFeatures">K, at least 2 and at most d + 1 unless the frame allows columns.</param>
    /// <param name="frame">Identity, random or dense random. The default is <see cref="EtfFrame.Identity"/>.</param>
    /// <param name="hasBias">Whether to add a bias; it starts at 0. The default is true.</param>
    /// <param name="trainBias">Whether the bias is trained. The default is true.</param>
    /// <param name="scale">s, the norm of the rows, positive and finite in the dtype. The default is 1.</param>
    /// <param name="trainScale">Whether s is trained. The default is false.</param>
    /// <param name="dtype">The floating point type of bias and scale. The default is float32.</param>
    /// <param name="device">The default is the CPU.</param>
    /// <exception cref="ArgumentOutOfRangeException">No frame of that shape exists, or the scale is not positive and finite, or too large for the dtype.</exception>
    /// <exception cref="ArgumentException">The frame follows a trained weight, or the dtype is not floating point.</exception>
    public SimplexEtfLinear(long inFeatures, long outFeatures, EtfFrame? frame = null, bool hasBias = true, bool trainBias = true, double scale = 1,
        bool trainScale = false, ScalarType dtype = ScalarType.Float32, Device? device = null)
        : this(SimplexEtf.Create(frame ?? EtfFrame.Identity,
                FrameShape.For(frame ?? EtfFrame.Identity, outFeatures, inFeatures, nameof(outFeatures), nameof(inFeatures)), scale),
            hasBias ? Zeros(outFeatures, trainBias, FloatingPoint(dtype), device) : null, trainScale, dtype, device)
    {
    }

    /// <summary>Makes a layer from a realized frame.</summary>
    /// <param name="etf">The frame; copied.</param>
    /// <param name="bias">K numbers, or null. A <see cref="Parameter"/> is adopted as it is, the very object, trained or not; any other tensor becomes a fixed
    /// bias. Either way it is owned from now on.</param>
    /// <param name="trainScale">Whether s is trained. The default is false.</param>
    /// <param name="dtype">The floating point type of factors and scale. The default is the bias's, else float32.</param>
    /// <param name="device">The default is the bias's, else the CPU.</param>
    /// <exception cref="ArgumentNullException"><paramref name="etf"/> is null.</exception>
    /// <exception cref="ArgumentException">The bias does not have K numbers of the dtype on the device, or the dtype is not floating point.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The scale is too large for the dtype.</exception>
    public SimplexEtfLinear(SimplexEtf etf, Tensor? bias = null, bool trainScale = false, ScalarType? dtype = null, Device? device = null)
        : this((etf ?? throw new ArgumentNullException(nameof(etf))).Header, etf.FactorTensor, bias, trainScale, dtype, device)
    {
    }

    private SimplexEtfLinear(SimplexEtfHeader header, Func<string, Tensor> factor, Tensor? bias, bool trainScale, ScalarType? dtype, Device? device)
        : base(nameof(SimplexEtfLinear))
    {
        var type = FloatingPoint(dtype ?? bias?.dtype ?? ScalarType.Float32);
        var place = device ?? bias?.device ?? CPU;
        CheckScale(header.Scale, header.Shape, type);
        CheckBias(header, bias, type, device);
        (_header, _stateName) = (header, "frame_" + header.Signature);
        _operator = FrameOperator.Create(header, name => get_buffer(name)!);

        using var scope = NewDisposeScope();
        register_buffer(_stateName, tensor(new[] { BitConverter.DoubleToInt64Bits(header.Scale) }).DetachFromDisposeScope());
        foreach (var (name, _, _) in header.Factors)
            register_buffer(name, factor(name).to(type).DetachFromDisposeScope());
        if (bias is Parameter parameter)
            register_parameter(BiasName, (Parameter)parameter.DetachFromDisposeScope());
        else if (bias is not null)
            register_buffer(BiasName, bias.DetachFromDisposeScope());
        if (trainScale)
            register_parameter(ScaleName, (Parameter)new Parameter(tensor(header.Scale, type)).DetachFromDisposeScope());
        // Moved, not made there: the module's own record of its device follows only a move.
        if (place.type != DeviceType.CPU)
            this.to(place);
    }

    /// <summary>Gets d, the size of the last dimension of the input.</summary>
    public long InFeatures => _header.Shape.Columns;

    /// <summary>Gets K, the size of the last dimension of the output.</summary>
    public long OutFeatures => _header.Shape.Rows;

    /// <summary>Gets the bias, K numbers: a <see cref="Parameter"/>, a fixed tensor, or null. The layer's own: not to be disposed.</summary>
    public Tensor? Bias => Own(BiasName);

    /// <summary>Gets the norm s of the rows as it is now; read from the device if it is trained.</summary>
    public double Scale => TrainedScale is { } trained ? ToDouble(trained) : FixedScale.Value;

    /// <summary>Gets the frame as it is now, scale and loaded factors included: a copy.</summary>
    /// <exception cref="InvalidOperationException">The trained scale has left the positive numbers, or the factors hold NaN.</exception>
    public SimplexEtf Etf
    {
        get
        {
            try
            {
                return Realize(Scale);
            }
            catch (ArgumentException e)
            {
                throw new InvalidOperationException($"The layer holds no simplex ETF any more: {Words.Plain(e)}", e);
            }
        }
    }

    private Parameter? TrainedScale => _internal_params.TryGetValue(ScaleName, out var scale) ? scale : null;

    /// <summary>The fixed scale, read again after each look at the state: a load may have changed it.</summary>
    private FrameScale FixedScale => _scale ??= ReadScale();

    /// <summary>A layer whose factors are zeros until a state is loaded.</summary>
    internal static SimplexEtfLinear Blank(SimplexEtfHeader header, Tensor? bias, bool trainScale, ScalarType dtype, Device device)
    {
        if (header.Problem() is { } problem)
            throw new ArgumentException($"Not a simplex ETF: {problem}.", nameof(header));
        return new SimplexEtfLinear(header, name => header.Factors.Where(f => f.Name == name).Select(f => zeros(f.Rows, f.Columns)).Single(), bias, trainScale, dtype, device);
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        var dimensions = CheckInput(input);
        using var scope = NewDisposeScope();
        var rows = dimensions == 2 ? input : input.reshape(input.numel() / InFeatures, InFeatures);
        var trained = TrainedScale;
        var output = trained is null
            ? FrameFunction.Run(rows, Bias, _operator, FixedScale)
            : Scaled(FrameFunction.Run(rows, null, _operator, FrameScale.One), trained);
        if (dimensions != 2)
        {
            var shape = input.shape;
            shape[^1] = OutFeatures;
            output = output.reshape(shape);
        }

        return output.MoveToOuterDisposeScope();
    }

    /// <summary>Makes an equivalent dense layer.</summary>
    /// <returns>A new <c>nn.Linear</c> of the layer's dtype and device, with its own weight and bias, both trainable.</returns>
    public Linear ToDense()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var dense = nn.Linear(new Parameter(DenseWeight()), Bias is { } bias ? new Parameter(bias.detach().clone()) : null);
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

    private SimplexEtf Realize(double scale)
    {
        using var scope = NewDisposeScope();
        return new SimplexEtf(_header with { Scale = scale }, _header.Factors.ToDictionary(f => f.Name, f => NearestFrame.Values(get_buffer(f.Name)!.detach())));
    }

    private Tensor DenseWeight()
    {
        var sample = Bias ?? TrainedScale ?? (_header.Factors.Count > 0 ? get_buffer(_header.Factors[0].Name) : null);
        return DenseWeight(sample?.dtype ?? ScalarType.Float32, sample?.device ?? CPU);
    }

    /// <summary>In float64 through the frame of norm 1: a trained scale may be negative.</summary>
    private Tensor DenseWeight(ScalarType dtype, Device device) => (Realize(1).ToTensor() * Scale).to(dtype, device);

    private Tensor Scaled(Tensor unit, Tensor scale)
    {
        var scaled = unit * scale;
        return Bias is { } bias ? scaled + bias : scaled;
    }
}
