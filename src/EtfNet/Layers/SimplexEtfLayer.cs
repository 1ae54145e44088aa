using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A layer whose weight is a fixed simplex equiangular tight frame: a linear layer or a convolution.</summary>
/// <remarks>
/// The weight is never trained and, for identity and random frames, never stored. The state has <c>frame</c>: integers (kind, rows,
/// columns, whether it is a column frame, seed, rank, the bits of the scale; for a convolution also the channels and the kernel's height
/// and width), with which the layer recognizes and refuses the state of another frame. It also has the factors of an aligned or nearest
/// frame, and <c>bias</c> and <c>scale</c> if the layer has them.
/// </remarks>
public abstract partial class SimplexEtfLayer : nn.Module<Tensor, Tensor>
{
    private protected const string BiasName = "bias";
    private protected const string ScaleName = "scale";

    /// <summary>The buffer that says which frame it is: <see cref="SimplexEtfHeader.ToNumbers"/>, and what a convolution adds.</summary>
    internal const string FrameName = "frame";

    private readonly SimplexEtfHeader _header;
    private readonly long[] _patch;
    private FrameScale? _scale;

    /// <param name="name">The name of the module.</param>
    /// <param name="header">The frame except for its factors.</param>
    /// <param name="patch">What a convolution adds to the frame in the state; empty for a linear layer.</param>
    /// <param name="factors">What is stored, by name; read once, converted to the dtype.</param>
    /// <param name="bias">K numbers, or null; owned from now on.</param>
    /// <param name="trainScale">Whether s is trained.</param>
    /// <param name="dtype">Of factors and scale; by default the bias's, else float32.</param>
    /// <param name="device">By default the bias's, else the CPU.</param>
    private protected SimplexEtfLayer(
        string name, SimplexEtfHeader header, long[] patch, IEnumerable<(string Name, Tensor Value)> factors,
        Tensor? bias, bool trainScale, ScalarType? dtype, Device? device)
        : base(name)
    {
        var type = FixedLayerCheck.FloatingPoint(dtype ?? bias?.dtype ?? ScalarType.Float32);
        var place = device ?? bias?.device ?? CPU;
        FixedLayerCheck.Require(header, bias, type, device);
        (_header, _patch, Dtype) = (header, patch, dtype ?? bias?.dtype);

        using var scope = NewDisposeScope();
        register_buffer(FrameName, tensor((long[])[.. header.ToNumbers(), .. patch]).DetachFromDisposeScope());
        foreach (var (factor, value) in factors)
            register_buffer(factor, value.to(type).DetachFromDisposeScope());
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

    /// <summary>Gets the bias, K numbers: a <see cref="Parameter"/>, a fixed tensor, or null. The layer owns it: do not dispose
    /// it.</summary>
    public Tensor? Bias => Own(BiasName);

    /// <summary>Gets the current norm s of the rows; it is read from the device if it is trained.</summary>
    /// <exception cref="InvalidOperationException">The loaded state is that of another frame.</exception>
    public double Scale
    {
        get
        {
            var written = FixedScale;
            return TrainedScale is { } trained ? ToDouble(trained) : written.Value;
        }
    }

    /// <summary>Gets a copy of the current frame, with its scale and loaded factors.</summary>
    /// <exception cref="InvalidOperationException">The trained scale is no longer positive, or the factors contain NaN.</exception>
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
                throw new InvalidOperationException($"The layer no longer holds a simplex ETF: {Words.Plain(e)}", e);
            }
        }
    }

    /// <summary>The floating point type that the layer was made with, or last converted to; null where none was said. Kept because a layer
    /// may hold no floating point tensor.</summary>
    internal ScalarType? Dtype { get; private set; }

    /// <summary>
    /// The frame as it is now, except for its factors. A trained scale that has left the positive numbers travels with the weights alone.
    /// </summary>
    internal SimplexEtfHeader Header => Scale is var scale and > 0 && double.IsFinite(scale) ? _header with { Scale = scale } : _header;

    private protected FrameShape Shape => _header.Shape;

    private Parameter? TrainedScale => _internal_params.TryGetValue(ScaleName, out var scale) ? scale : null;

    /// <summary>The fixed scale, read again after each look at the state: a load may have changed it.</summary>
    private FrameScale FixedScale => _scale ??= ReadScale();

    /// <summary>Gives the bias parameter away, for the layer that takes this one's place; it is no longer this layer's to
    /// dispose.</summary>
    /// <returns>The very object that was adopted; null if there is none or it is a fixed tensor.</returns>
    internal Parameter? ReleaseBias()
    {
        var bias = get_parameter(BiasName);
        ConditionallyRegisterParameter(BiasName, (Parameter?)null);
        return bias;
    }

    /// <summary>s E x + b, recorded as far as anything needs a gradient. Call it in a scope of its own.</summary>
    private protected Tensor Run(Tensor input, FrameOperator map)
    {
        // Read in any case: it checks a state that was loaded by way of a parent.
        var written = FixedScale;
        if (TrainedScale is not { } trained)
            return FrameFunction.Run(input, Bias, map, written);
        var scaled = FrameFunction.Run(input, null, map, FrameScale.One) * trained;
        return Bias is { } bias ? map.AddBias(scaled, bias) : scaled;
    }

    /// <summary>A stored factor as the frame has it: the matrix of <see cref="SimplexEtfHeader.Factors"/>.</summary>
    private protected virtual Tensor ReadFactor(string name) => get_buffer(name)!.detach();

    /// <summary>s E, K x d, in the layer's dtype and on its device.</summary>
    private protected Tensor DenseMatrix() => DenseMatrix(Dtype ?? ScalarType.Float32, get_buffer(FrameName)!.device);

    /// <summary>s E, K x d; in float64 through the frame of norm 1, as a trained scale may be negative.</summary>
    private protected Tensor DenseMatrix(ScalarType dtype, Device device) => (Realize(1).ToTensor() * Scale).to(dtype, device);

    private SimplexEtf Realize(double scale)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        return new SimplexEtf(_header with { Scale = scale },
            _header.Factors.ToDictionary(f => f.Name, f => NearestFrame.Values(ReadFactor(f.Name))));
    }
}
