using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Benchmarks.Ratios;

/// <summary>
/// The identity frame's forward pass without a gradient against <c>clone</c> of its input: a training step's, and 16, 32 and 64 MiB.
/// </summary>
internal sealed class IdentityForwardRatio : Ratio
{
    private static readonly (long Batch, long Width)[] s_shapes =
        [(128, 1024), (128, 4096), (4096, 1024), (8192, 1024), (16_384, 1024)];

    public override string Name => "identityForward";

    public override IEnumerable<RatioCase> Cases() =>
        from shape in s_shapes
        select new RatioCase("clone", shape.Batch, shape.Width, null, () => Prepare(shape.Batch, shape.Width));

    private static PairedWork Prepare(long batch, long width)
    {
        using var generator = new Generator(3);
        var layer = new SimplexEtfLinear(width, width, hasBias: false);
        var x = randn([batch, width], generator: generator);
        return new PairedWork(() => layer.call(x).Dispose(), () => x.clone().Dispose(), 2 * batch * width * sizeof(float), layer, x);
    }
}
