using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Benchmarks.Ratios;

/// <summary>Forward and backward with an input gradient, float32, against a dense <c>nn.Linear</c>, frozen and trainable.</summary>
internal sealed class LayerRatio(string name, Func<long, SimplexEtf> frame, int? rank = null) : Ratio
{
    private const long Batch = 128;
    private static readonly long[] s_widths = [1024, 4096];
    private static readonly bool[] s_trainable = [false, true];

    public override string Name => name;

    public override IEnumerable<RatioCase> Cases() =>
        from width in s_widths
        from trainable in s_trainable
        select new RatioCase(trainable ? "trainableDense" : "frozenDense", Batch, width, rank, () => Prepare(width, trainable));

    /// <summary>A frame aligned with a random weight along random directions.</summary>
    public static SimplexEtf Aligned(long width, long rank)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        var shape = new FrameShape(width, width, false);
        var directions = linalg.qr(randn(width, rank, dtype: ScalarType.Float64, generator: generator)).Q;
        return FrameAlignment.Align(directions, randn(width, rank, dtype: ScalarType.Float64, generator: generator), shape)!.ToEtf(shape, 1);
    }

    private PairedWork Prepare(long width, bool trainable)
    {
        using var generator = new Generator(2);
        var layer = new SimplexEtfLinear(frame(width));
        var dense = nn.Linear(width, width, hasBias: false);
        dense.weight.requires_grad_(trainable);
        var x = randn([Batch, width], generator: generator).requires_grad_(true);
        var gradient = randn([Batch, width], generator: generator);
        // Forward reads x and writes y, backward reads y' and writes x'.
        return new PairedWork(() => Step(layer, x, gradient), () => Step(dense, x, gradient, dense.weight), 4 * Batch * width * sizeof(float), layer, dense, x, gradient);
    }

    private static void Step(nn.Module<Tensor, Tensor> layer, Tensor x, Tensor gradient, Tensor? weight = null)
    {
        using var scope = NewDisposeScope();
        layer.call(x).backward([gradient]);
        x.grad = null;
        if (weight is not null)
            weight.grad = null;
    }
}
