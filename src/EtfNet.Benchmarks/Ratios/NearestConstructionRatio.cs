using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Benchmarks.Ratios;

/// <summary>The nearest frame of a float32 matrix against the one thin singular value decomposition that it needs, in float32.</summary>
internal sealed class NearestConstructionRatio : Ratio
{
    private const long Width = 1024;

    public override string Name => "nearestConstruction";

    public override IEnumerable<RatioCase> Cases() => [new RatioCase("svd", 0, Width, null, Prepare)];

    private static PairedWork Prepare()
    {
        using var generator = new Generator(4);
        var matrix = randn([Width, Width], generator: generator);
        return new PairedWork(() => SimplexEtf.NearestTo(matrix), () => Decompose(matrix), 0, matrix);
    }

    private static void Decompose(Tensor matrix)
    {
        using var scope = NewDisposeScope();
        linalg.svd(matrix, fullMatrices: false);
    }
}
