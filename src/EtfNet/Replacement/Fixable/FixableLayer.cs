using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A trained layer that can be fixed as a simplex ETF: its weight, its bias, and the module that takes its place.</summary>
/// <remarks>One derived class per kind of layer, and one line in <see cref="Of"/>. An instance holds no state: the module does.</remarks>
internal abstract class FixableLayer(nn.Module<Tensor, Tensor> module)
{
    private const string WeightName = "weight";
    private const string BiasName = "bias";

    /// <summary>Gets the module.</summary>
    public nn.Module<Tensor, Tensor> Module { get; } = module;

    /// <summary>Gets the weight that is trained; for a layer that was replaced, what is left of it.</summary>
    public Parameter Weight => WeightField!;

    /// <summary>Gets the bias; null where there is none.</summary>
    public Parameter? Bias => BiasField;

    /// <summary>Gets the shape of the weight when it is whole.</summary>
    public abstract long[] WeightShape { get; }

    /// <summary>Gets the weight as a matrix, K x d: outputs, and inputs of one output.</summary>
    public (long Rows, long Columns) Matrix => (WeightShape[0], WeightShape[1..].Aggregate(1L, (product, size) => product * size));

    /// <summary>Gets what a patch holds, for a convolution; null for a linear layer.</summary>
    public virtual PatchShape? Patch => null;

    /// <summary>Gets the type of the module that takes the layer's place.</summary>
    public abstract Type FixedType { get; }

    /// <summary>Gets the field that the module multiplies with.</summary>
    protected abstract ref Parameter? WeightField { get; }

    /// <summary>Gets the field that the module adds.</summary>
    protected abstract ref Parameter? BiasField { get; }

    private OrderedDict<string, Parameter> Registry => TorchSharpInternals.Parameters(Module);

    /// <summary>
    /// The layer that a module is; null for modules that cannot be fixed, and for those that are fixed as modules of their own.
    /// </summary>
    public static FixableLayer? Of(nn.Module module) => module switch
    {
        Linear linear => new FixableLinear(linear),
        Convolution convolution when ConvWindow.Obstacle(convolution) is null => new FixableConvolution(convolution),
        _ => null,
    };

    /// <summary>How many columns a frame of this kind has here; not all kinds look at whole patches.</summary>
    public virtual long ColumnsOf(EtfFrame frame) => Matrix.Columns;

    /// <summary>Whether a frame of this shape can stand in for the layer.</summary>
    public virtual bool Takes(FrameShape shape) => (shape.Rows, shape.Columns) == Matrix;

    /// <summary>The weight as it is, K x d, without gradient.</summary>
    public virtual Tensor WeightMatrix() => Weight.detach().reshape(Matrix.Rows, Matrix.Columns);

    /// <summary>The layer's function, bias included, on rows of what it sees, without its hooks.</summary>
    public Tensor Map(Tensor rows)
    {
        using var scope = NewDisposeScope();
        return nn.functional.linear(rows.to(Weight.dtype), WeightMatrix(), Bias).MoveToOuterDisposeScope();
    }

    /// <summary>Fits a frame to the layer, on rows of what it sees and of what it gave before.</summary>
    /// <exception cref="ArgumentException">The rows are not finite, or there is no such frame.</exception>
    public virtual FrameFit Fit(EtfFrame frame, Tensor inputs, Tensor targets, FrameFitOptions options) =>
        FrameFit.To(frame, Weight, Bias, inputs, targets, options);

    /// <summary>Makes the fixed layer of a realized frame.</summary>
    /// <param name="etf">The frame, K x d.</param>
    /// <param name="bias">Adopted as it is; null for none.</param>
    /// <param name="dtype">The floating point type.</param>
    /// <param name="device">The device.</param>
    /// <exception cref="ArgumentException">The dtype cannot hold the frame, or the bias does not fit.</exception>
    public abstract nn.Module<Tensor, Tensor> CreateFixed(SimplexEtf etf, Parameter? bias, ScalarType dtype, Device device);

    /// <summary>Makes the fixed layer of a frame whose factors will be loaded.</summary>
    /// <inheritdoc cref="CreateFixed"/>
    public abstract nn.Module<Tensor, Tensor> CreateBlank(SimplexEtfHeader header, Parameter? bias, ScalarType dtype, Device device);

    /// <summary>What the state of the fixed layer of a frame holds in the weight's place, by name: types and shapes.</summary>
    /// <exception cref="ArgumentException">The dtype cannot hold the frame.</exception>
    public Dictionary<string, (ScalarType Dtype, long[] Shape)> FixedState(SimplexEtfHeader header, ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        using var blank = CreateBlank(header, null, dtype, CPU);
        return blank.state_dict().ToDictionary(entry => entry.Key, entry => (entry.Value.dtype, entry.Value.shape));
    }

    /// <summary>A frame as this layer's weight, a new tensor of the current scope.</summary>
    public virtual Tensor WeightOf(SimplexEtf etf, ScalarType dtype, Device device) => etf.ToTensor(dtype, device).reshape(WeightShape);

    /// <summary>Makes another parameter the weight; the old one is not disposed.</summary>
    public void SetWeight(Parameter weight) => Set(WeightName, ref WeightField, weight);

    /// <summary>Makes another parameter the bias, or takes it out; the old one is not disposed.</summary>
    public void SetBias(Parameter? bias) => Set(BiasName, ref BiasField, bias);

    /// <summary>
    /// Makes the weight a constant: a buffer of the module, which is saved, loaded and multiplied with, and no parameter.
    /// </summary>
    public void KeepWeightAsBuffer() => KeepAsBuffer(WeightName, Weight);

    /// <summary>Makes the bias a constant.</summary>
    public void KeepBiasAsBuffer()
    {
        if (Bias is { } bias)
            KeepAsBuffer(BiasName, bias);
    }

    /// <summary>The layer's weight and bias that are buffers and no parameters.</summary>
    public IEnumerable<Parameter> Constants() =>
        TorchSharpInternals.Buffers(Module).Values.Select(entry => entry.Item1).OfType<Parameter>().Where(tensor => !tensor.IsInvalid);

    private void KeepAsBuffer(string name, Parameter constant)
    {
        constant.requires_grad_(false);
        Registry.Remove(name);
        TorchSharpInternals.Buffers(Module)[name] = (constant, true);
    }

    private void Set(string name, ref Parameter? field, Parameter? value)
    {
        field = value;
        var isRegistered = Registry.TryGetValue(name, out _);
        if (value is null && isRegistered)
            Registry.Remove(name);
        else if (value is not null && isRegistered)
            Registry[name] = value;
        else if (value is not null)
            Registry.Add(name, value);
    }
}
