using BenchmarkDotNet.Attributes;
using EtfNet.Benchmarks.Measuring;
using EtfNet.Benchmarks.Measuring.Limits;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Benchmarks.Layers;

/// <summary>Forward, and forward with backward to the input, of 3 x 3 convolutions of every frame, against frozen and trainable dense
/// ones.</summary>
public class ConvolutionPasses : Subject
{
    private static readonly (int Channels, int Side)[] s_sizes = [(64, 16), (256, 8), (512, 8)];

    private nn.Module<Tensor, Tensor> _layer = null!;
    private Tensor _input = null!;
    private Tensor _gradient = null!;

    /// <summary>The layer, its maps and the batch.</summary>
    [ParamsSource(nameof(Shapes))]
    public ConvolutionShape Shape { get; set; } = new(LayerKind.Identity, 1, 1, 1);

    /// <summary>All layers at three sizes.</summary>
    public static IEnumerable<ConvolutionShape> Shapes =>
        from size in s_sizes
        from kind in Enum.GetValues<LayerKind>()
        select new ConvolutionShape(kind, size.Channels, size.Side, 64);

    internal override string ShapeName => Shape.ToString();

    /// <summary>Without recording a gradient.</summary>
    [Benchmark]
    public void Forward()
    {
        using var noGrad = no_grad();
        _layer.call(_input).Dispose();
    }

    /// <summary>Forward, and backward to the input and whatever is trained.</summary>
    [Benchmark]
    public void ForwardBackward()
    {
        using var scope = NewDisposeScope();
        _layer.call(_input).backward([_gradient]);
        _input.grad = null;
        foreach (var parameter in _layer.parameters())
            parameter.grad = null;
    }

    internal override Cost CostOf(string method)
    {
        var (positions, channels) = ((double)Shape.Batch * Shape.Side * Shape.Side, (double)Shape.Channels);
        var patch = channels * ConvolutionLayers.Kernel * ConvolutionLayers.Kernel;
        var (stored, operations) = Shape.Kind switch
        {
            LayerKind.Identity => (0, 3 * channels),
            LayerKind.Aligned => ((channels + patch) * (ConvolutionLayers.Rank + 1), 2 * (channels + patch) * (ConvolutionLayers.Rank + 1)),
            // A product per pixel.
            LayerKind.Random => (channels * channels, 2 * channels * channels),
            _ => (channels * patch, 2 * channels * patch),
        };
        var forward = new Cost(sizeof(float) * ((2 * positions * channels) + stored), positions * operations);
        if (method == nameof(Forward))
            return forward;
        // The input's gradient is the same work once more; a trained kernel's a third time, and the gradient is written.
        var trained = Shape.Kind == LayerKind.TrainableDense;
        return new Cost((2 * forward.Bytes) + (trained ? sizeof(float) * channels * patch : 0), (trained ? 3 : 2) * forward.Operations);
    }

    private protected override void Prepare()
    {
        _layer = Hold((nn.Module<Tensor, Tensor>)ConvolutionLayers.Create(Shape.Kind, Shape.Channels, Shape.Channels).to(Device));
        _input = Normal(2, Shape.Batch, Shape.Channels, Shape.Side, Shape.Side).requires_grad_(true);
        _gradient = Normal(3, Shape.Batch, Shape.Channels, Shape.Side, Shape.Side);
    }
}
