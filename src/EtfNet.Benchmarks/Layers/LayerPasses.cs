using BenchmarkDotNet.Attributes;
using EtfNet.Benchmarks.Measuring;
using EtfNet.Benchmarks.Measuring.Limits;
using EtfNet.Benchmarks.PyTorch;
using EtfNet.Benchmarks.Ratios;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Benchmarks.Layers;

/// <summary>Forward, and forward with backward to the input, of every frame, against frozen and trainable dense layers.</summary>
public class LayerPasses : Subject
{
    private const int Rank = 20;

    // A PyTorch with a slow linear-algebra library takes seconds a sample beyond this.
    private const int WidestPeer = 2048;

    private static readonly int[] s_widths = [1024, 4096];

    private nn.Module<Tensor, Tensor> _layer = null!;
    private Tensor _input = null!;
    private Tensor _gradient = null!;

    /// <summary>The layer, its width (K = d) and the batch.</summary>
    [ParamsSource(nameof(Shapes))]
    public LayerShape Shape { get; set; } = new(LayerKind.Identity, 1, 1);

    /// <summary>All layers at two widths; the nearest frame of the greater one would take minutes to find, and is a dense layer like
    /// any.</summary>
    public static IEnumerable<LayerShape> Shapes =>
        from width in s_widths
        from kind in Enum.GetValues<LayerKind>()
        where kind != LayerKind.Nearest || width == 1024
        select new LayerShape(kind, width, 128);

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
        var (batch, width) = ((double)Shape.Batch, (double)Shape.Width);
        var (stored, operations) = Shape.Kind switch
        {
            LayerKind.Identity => (0, 3 * batch * width),
            LayerKind.Aligned => (4 * width * Rank, 8 * batch * width * Rank),
            // Two products with factors of about sqrt(width).
            LayerKind.Random => (2 * width, 4 * batch * width * Math.Sqrt(width)),
            _ => (width * width, 2 * batch * width * width),
        };
        var forward = new Cost(sizeof(float) * ((2 * batch * width) + stored), operations);
        if (method == nameof(Forward))
            return forward;
        // The input's gradient is the same work once more; a trained weight's a third time, and the gradient is written.
        var trained = Shape.Kind == LayerKind.TrainableDense;
        return new Cost((2 * forward.Bytes) + (trained ? sizeof(float) * width * width : 0), (trained ? 3 : 2) * operations);
    }

    internal override IReadOnlyList<PeerWork> Peers => Shape.Kind switch
    {
        LayerKind.FrozenDense when Shape.Width <= WidestPeer => [Peer("dense.forward", nameof(Forward)), Peer("dense.forward_backward", nameof(ForwardBackward))],
        LayerKind.Identity => [Peer("identity.forward", nameof(Forward)), Peer("identity.forward_backward", nameof(ForwardBackward))],
        _ => [],
    };

    private protected override void Prepare()
    {
        _layer = Hold((nn.Module<Tensor, Tensor>)Create().to(Device));
        foreach (var parameter in _layer.parameters())
            parameter.requires_grad_(Shape.Kind == LayerKind.TrainableDense);
        _input = Normal(2, Shape.Batch, Shape.Width).requires_grad_(true);
        _gradient = Normal(3, Shape.Batch, Shape.Width);
    }

    private PeerWork Peer(string work, string like) => new(work, like, ("batch", Shape.Batch), ("width", Shape.Width));

    private nn.Module<Tensor, Tensor> Create() => Shape.Kind switch
    {
        LayerKind.Identity => new SimplexEtfLinear(Shape.Width, Shape.Width, hasBias: false),
        LayerKind.Aligned => new SimplexEtfLinear(LayerRatio.Aligned(Shape.Width, Rank)),
        LayerKind.Random => new SimplexEtfLinear(Shape.Width, Shape.Width, EtfFrame.Random(1), hasBias: false),
        LayerKind.Nearest => Nearest(),
        _ => nn.Linear(Shape.Width, Shape.Width, hasBias: false),
    };

    private SimplexEtfLinear Nearest()
    {
        using var generator = new Generator(1);
        using var matrix = randn([Shape.Width, Shape.Width], generator: generator);
        return new SimplexEtfLinear(SimplexEtf.NearestTo(matrix));
    }
}
