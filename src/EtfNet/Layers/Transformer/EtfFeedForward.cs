using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A transformer's feedforward whose projections are fixed simplex ETFs: <c>y = a_d (s_d E_d act(a_u (s_u E_u x + b_u)) +
/// b_d)</c>.</summary>
/// <remarks>
/// <para>Shapes: input and output <c>(*, width)</c>, any leading dimensions. The biases b and the per-unit factors a are trained, if the
/// layer has them; the frames are never trained. With <see cref="EtfFrame.Random"/> no weight is stored.</para>
/// <para>If there are more than <c>width + 1</c> hidden units, the up-projection uses the column frame: its columns are a simplex ETF, and
/// every hidden unit sees a different mix of the inputs. The scales s keep the variance of inputs without a preferred direction, like the
/// initialization of learned layers: rows have norm 1, and columns have norm <c>sqrt(outputs / inputs)</c>.</para>
/// <para>The parts are registered as <c>up</c>, <c>up_scale</c>, <c>activation</c>, <c>dropout</c>, <c>down</c>, <c>down_scale</c>; all are
/// called through <c>call</c>, so hooks fire. A learned projection is an <c>nn.Linear</c> in a field that accepts any module, so
/// <see cref="ModuleExtensions.ApplyAdaptiveEtf(nn.Module, double)"/> can replace it. Source: Liu, arXiv 2412.00884, section 3
/// (ETF-Transformer).</para>
/// </remarks>
public sealed class EtfFeedForward : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "up")]
    private readonly nn.Module<Tensor, Tensor> _up;

    [ComponentName(Name = "up_scale")]
    private readonly nn.Module<Tensor, Tensor>? _upScale;

    [ComponentName(Name = "activation")]
    private readonly nn.Module<Tensor, Tensor> _activation;

    [ComponentName(Name = "dropout")]
    private readonly nn.Module<Tensor, Tensor> _dropout;

    [ComponentName(Name = "down")]
    private readonly nn.Module<Tensor, Tensor> _down;

    [ComponentName(Name = "down_scale")]
    private readonly nn.Module<Tensor, Tensor>? _downScale;

    /// <summary>Makes a feedforward. Learned projections are initialized from torch's global generator, as every <c>nn.Linear</c>
    /// is.</summary>
    /// <param name="width">The size of the last dimension of input and output, at least 2.</param>
    /// <param name="options">The default fixes both projections at ratio 4.</param>
    /// <param name="dtype">The floating point type. The default is float32.</param>
    /// <param name="device">The default is the CPU.</param>
    /// <exception cref="ArgumentOutOfRangeException">The width is below 2, or the ratio gives fewer than 2 hidden units or more than
    /// 2147483647.</exception>
    /// <exception cref="ArgumentException">The dtype is not floating point, or the frame is the identity and the ratio is not 1, which
    /// would leave hidden units constant or inputs unused.</exception>
    public EtfFeedForward(long width, EtfFeedForwardOptions? options = null, ScalarType dtype = ScalarType.Float32, Device? device = null)
        : base(nameof(EtfFeedForward))
    {
        options ??= new EtfFeedForwardOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 2);
        if (!is_floating_point(dtype))
            throw new ArgumentException($"A feedforward needs a floating point dtype, not {dtype}.", nameof(dtype));
        var hidden = options.HiddenUnits(width, nameof(options));
        (Width, HiddenUnits) = (width, hidden);

        using var scope = NewDisposeScope();
        (_up, _upScale) = Projection(FixedProjections.Up, width, hidden, options.Frame, options, dtype);
        _activation = options.Activation switch
        {
            FeedForwardActivation.Relu => nn.ReLU(),
            FeedForwardActivation.Silu => nn.SiLU(),
            _ => nn.GELU(),
        };
        _dropout = nn.Dropout(options.Dropout);
        (_down, _downScale) = Projection(FixedProjections.Down, hidden, width, Second(options.Frame), options, dtype);
        RegisterComponents();
        OwnedState.Keep(this, device);
    }

    /// <summary>Gets the size of the last dimension of input and output.</summary>
    public long Width { get; }

    /// <summary>Gets the number of hidden units: width times ratio, rounded.</summary>
    public long HiddenUnits { get; }

    /// <summary>Gets the current up-projection: a <see cref="SimplexEtfLinear"/> if it is fixed.</summary>
    public nn.Module<Tensor, Tensor> Up => _up;

    /// <summary>Gets the current down-projection: a <see cref="SimplexEtfLinear"/> if it is fixed.</summary>
    public nn.Module<Tensor, Tensor> Down => _down;

    /// <inheritdoc/>
    /// <exception cref="ArgumentNullException"><paramref name="input"/> is null.</exception>
    /// <exception cref="ArgumentException">The input's shape, type or device does not fit the layer.</exception>
    public override Tensor forward(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (input.dim() == 0 || input.shape[^1] != Width)
            throw new ArgumentException(
                $"The input has the shape {TensorCheck.Shape(input)}; a feedforward of width {Width} wants (*, {Width}).", nameof(input));
        using var scope = NewDisposeScope();
        var units = _up.call(input);
        if (_upScale is not null)
            units = _upScale.call(units);
        var output = _down.call(_dropout.call(_activation.call(units)));
        if (_downScale is not null)
            output = _downScale.call(output);
        return output.MoveToOuterDisposeScope();
    }

    private static (nn.Module<Tensor, Tensor> Layer, nn.Module<Tensor, Tensor>? Scale) Projection(
        FixedProjections which, long inputs, long outputs, EtfFrame frame, EtfFeedForwardOptions options, ScalarType dtype)
    {
        if (!options.Fixed.HasFlag(which))
            return (nn.Linear(inputs, outputs, options.HasBias, dtype: dtype), null);
        var scale = outputs > inputs + 1 ? Math.Sqrt((double)outputs / inputs) : 1;
        return (new SimplexEtfLinear(inputs, outputs, frame.OrColumns, options.HasBias, scale: scale, dtype: dtype),
            options.HasUnitScale ? new UnitScale(outputs, dtype) : null);
    }

    /// <summary>A frame of the same kind for the second projection: with the same seed the two would undo each other where the activation
    /// is linear.</summary>
    private static EtfFrame Second(EtfFrame frame)
    {
        var seed = frame.Seed ^ 0x5851F42D4C957F2D;
        return frame.Kind switch
        {
            EtfFrameKind.Random => EtfFrame.Random(seed),
            EtfFrameKind.DenseRandom => EtfFrame.DenseRandom(seed),
            _ => frame,
        };
    }
}
