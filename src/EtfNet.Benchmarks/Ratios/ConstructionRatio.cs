using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Benchmarks.Ratios;

/// <summary>Making a layer of width 16384 from its seed against making a dense <c>nn.Linear</c> of width 4096, a sixteenth of its
/// weights.</summary>
internal sealed class ConstructionRatio(string name, EtfFrame frame) : Ratio
{
    private const long Width = 16384;
    private const long DenseWidth = 4096;

    public override string Name => name;

    public override IEnumerable<RatioCase> Cases() => [new RatioCase("dense4096Construction", 0, Width, null, Prepare)];

    private PairedWork Prepare() => new(
        () => new SimplexEtfLinear(Width, Width, frame, hasBias: false).Dispose(),
        () => nn.Linear(DenseWidth, DenseWidth, hasBias: false).Dispose(),
        0);
}
