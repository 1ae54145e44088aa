using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// A classifier behind one layer, fitted in closed form: the ridge regression from the layer's pooled features to one-hot labels.
/// </summary>
/// <remarks>
/// Weight W (K x d) and bias b minimize the mean of <c>|W h + b - y|^2</c> over the training samples plus lambda |W|^2. These outputs lie
/// about [0, 1]; as class scores they are multiplied by <see cref="Scale"/>, which changes no decision. Immutable, in managed memory.
/// </remarks>
public sealed class DepthHead
{
    private const double Confidence = 0.999;

    private readonly double[] _weight;
    private readonly double[] _bias;

    internal DepthHead(string layer, HeadPlace place, HeadShape shape, double[] weight, double[] bias, double scale) =>
        (Layer, Place, Shape, _weight, _bias, Scale) = (layer, place, shape, weight, bias, scale);

    /// <summary>Gets the path of the layer whose features it was fitted to.</summary>
    public string Layer { get; }

    /// <summary>Gets d, the number of features after pooling.</summary>
    public int Width => Shape.Width;

    /// <summary>Gets K, the number of classes.</summary>
    public int ClassCount => Shape.Classes;

    /// <summary>Gets the factor that makes class scores of the regression's outputs: the one of least cross entropy, positive.</summary>
    public double Scale { get; }

    /// <summary>Where it was fitted.</summary>
    internal HeadPlace Place { get; }

    /// <summary>The module that holds it, but for the numbers.</summary>
    internal HeadShape Shape { get; }

    /// <summary>
    /// The same head with a scale at which an exact one-hot output has a probability of 0.999, where it has a greater one: on samples that
    /// it tells apart without an error the least cross entropy is at no scale at all, and such a head has no gradient to be trained by.
    /// </summary>
    internal DepthHead Trainable() =>
        new(Layer, Place, Shape, _weight, _bias, Math.Min(Scale, Math.Log(Confidence / (1 - Confidence) * (ClassCount - 1))));

    /// <summary>Makes the head as a module that can be trained further.</summary>
    /// <param name="dtype">The floating point type. The default is float32.</param>
    /// <param name="device">The default is the CPU.</param>
    /// <returns>
    /// A <c>Linear</c>, behind the pooling where the layer's output has more than two dimensions; the caller owns it. It takes the layer's
    /// output behind its feature point and gives class scores.
    /// </returns>
    /// <exception cref="ArgumentException">The type is not floating point, or cannot hold the numbers.</exception>
    public nn.Module<Tensor, Tensor> CreateModule(ScalarType dtype = ScalarType.Float32, Device? device = null)
    {
        if (!is_floating_point(dtype))
            throw new ArgumentException($"{dtype} is not a floating point type.", nameof(dtype));
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var recording = inference_mode(false);
        var weight = (tensor(_weight, [ClassCount, Width]) * Scale).to(dtype);
        var bias = (tensor(_bias) * Scale).to(dtype);
        if (!weight.isfinite().all().item<bool>() || !bias.isfinite().all().item<bool>())
            throw new ArgumentException($"The head has numbers that {dtype} cannot hold.", nameof(dtype));
        return Shape.Create(weight, bias, device);
    }

    /// <inheritdoc/>
    public override string ToString() => $"head of {ClassCount} classes behind '{Layer}', {Words.Count(Width, "feature")}";
}
