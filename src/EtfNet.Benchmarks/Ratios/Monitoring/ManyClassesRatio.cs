using EtfNet.Benchmarks.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Benchmarks.Ratios.Monitoring;

/// <summary>
/// NC1 of more classes than features against its definition with two covariance matrices, both from features and labels, in float64.
/// </summary>
internal sealed class ManyClassesRatio : Ratio
{
    private const long Samples = 50_000, Width = 512, Classes = 1000;

    public override string Name => "nc1ManyClasses";

    public override IEnumerable<RatioCase> Cases() => [new RatioCase("twoCovariances", Samples, Width, null, Prepare)];

    private static PairedWork Prepare()
    {
        using var generator = new Generator(5);
        var classes = arange(Samples, dtype: int64).remainder_(Classes);
        var labels = LabelReader.Read(classes, (int)Classes);
        using var scope = NewDisposeScope();
        var means = randn([Classes, Width], generator: generator).index_select(0, classes);
        var features = randn([Samples, Width], generator: generator).add_(means).DetachFromDisposeScope();
        return new PairedWork(
            () => WithinClassVariability.ByLibrary(features, classes, labels),
            () => WithinClassVariability.ByTwoCovariances(features, classes, Classes),
            0, features, classes);
    }
}
