using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Benchmarks.Ratios;

/// <summary>The identity frame's forward pass without a gradient against <c>clone</c> of its input, 16 and 32 MiB.</summary>
internal sealed class IdentityForwardRatio : Ratio
{
    private const long Width = 1024;
    private static readonly long[] s_batches = [4096, 8192];

    public override string Name => "identityForward";

    public override IEnumerable<RatioCase> Cases() =>
        from batch in s_batches
        select new RatioCase("clone", batch, Width, null, () => Prepare(batch));

    private static PairedWork Prepare(long batch)
    {
        using var generator = new Generator(3);
        var layer = new SimplexEtfLinear(Width, Width, hasBias: false);
        var x = randn([batch, Width], generator: generator);
        return new PairedWork(() => layer.call(x).Dispose(), () => x.clone().Dispose(), 2 * batch * Width * sizeof(float), layer, x);
    }
}
