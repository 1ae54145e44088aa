using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// A classifier on the features of one layer, fitted in closed form: the ridge regression from the layer's pooled features to one-hot
/// labels.
/// </summary>
/// <remarks>
/// Weight W (K x d) and bias b minimize the mean of <c>|W h + b - y|^2</c> over the training samples plus lambda |W|^2. These outputs lie
/// around [0, 1]. To become class scores they are multiplied by <see cref="Scale"/>, which changes no decision. The head is immutable and
/// in managed memory.
/// </remarks>
public sealed class DepthHead
{
    private const double Confidence = 0.999;

    private readonly double[] _weight;
    private readonly double[] _bias;

    internal DepthHead(string layer, HeadPlace place, HeadShape shape, double[] weight, double[] bias, double scale) =>
        (Layer, Place, Shape, _weight, _bias, Scale) = (layer, place, shape, weight, bias, scale);

    /// <summary>Gets the path of the layer whose features the head was fitted to.</summary>
    public string Layer { get; }

    /// <summary>Gets d, the number of features after pooling.</summary>
    public int Width => Shape.Width;

    /// <summary>Gets K, the number of classes.</summary>
    public int ClassCount => Shape.Classes;

    /// <summary>Gets the factor that turns the regression's outputs into class scores: the positive factor with the least cross
    /// entropy.</summary>
    public double Scale { get; }

    /// <summary>Where the head was fitted.</summary>
    internal HeadPlace Place { get; }

    /// <summary>The module that holds the head, without its numbers.</summary>
    internal HeadShape Shape { get; }

    /// <summary>
    /// The same head, with its scale limited to the one at which an exact one-hot output has a probability of 0.999. On samples that the
    /// head classifies without an error, the cross entropy has no minimum at a finite scale, and such a head would have no gradient for
    /// training.
    /// </summary>
    internal DepthHead Trainable() =>
        new(Layer, Place, Shape, _weight, _bias, Math.Min(Scale, Math.Log(Confidence / (1 - Confidence) * (ClassCount - 1))));

    /// <summary>Makes the head as a module that can be trained further.</summary>
    /// <param name="dtype">The floating point type. The default is float32.</param>
    /// <param name="device">The default is the CPU.</param>
    /// <returns>
    /// A <c>Linear</c>, after pooling if the layer's output has more than two dimensions; the caller owns it. Its input is the layer's
    /// output at the feature point; its output is class scores.
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
