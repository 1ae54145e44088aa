namespace EtfNet.Benchmarks.Kernels;

/// <summary>The collapse metrics from finished class statistics, and NC1, which needs the samples once more.</summary>
/// <remarks>All of them run on the CPU in float64, wherever the features are.</remarks>
public class CollapseMeasures : KernelSubject
{
    private Tensor _weight = null!;

    /// <inheritdoc/>
    public override IEnumerable<KernelShape> Shapes =>
        [new(4096, 512, 10), new(4096, 512, 100), new(4096, 512, 1000), new(4096, 512, 4000), new(10_000, 64, 10_000)];

    /// <summary>Equinorm, equiangularity, Gram deviation (NC2).</summary>
    [Benchmark(Baseline = true)]
    public void Means() => Of(CollapseMetricSet.Means);

    /// <summary>Class-distance normalized variance and the trace quotient.</summary>
    [Benchmark]
    public void Variability() => Of(CollapseMetricSet.Variability);

    /// <summary>Self-duality of a weight with a row a class (NC3).</summary>
    [Benchmark]
    public void SelfDuality() => DualityMeasurement.SelfDuality(Statistics, _weight);

    private void Of(CollapseMetricSet metrics) =>
        CollapseMetrics.Of(Statistics, options: new CollapseMetricsOptions { Metrics = metrics, PairwiseClassLimit = int.MaxValue });

    private double MeanBytes => Present * Shape.Width * sizeof(double);

    internal override Cost CostOf(string method) => method switch
    {
        nameof(SelfDuality) => new Cost(MeanBytes + (Shape.Classes * (double)Shape.Width * sizeof(float)), 6 * Present * Shape.Width, true),
        // Half of a Gram matrix.
        _ => new Cost(MeanBytes, Present * Present * Shape.Width, IsDouble: true),
    };

    private protected override void Prepare()
    {
        base.Prepare();
        _weight = Normal(8, Shape.Classes, Shape.Width);
    }
}
