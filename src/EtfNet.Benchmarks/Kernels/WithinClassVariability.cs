namespace EtfNet.Benchmarks.Kernels;

/// <summary>
/// NC1, <c>tr(Sw pinv(Sb)) / K</c>, from features and labels: by projections or half a covariance, against the definition with two
/// covariance matrices and a pseudo-inverse. Both in float64, on the CPU.
/// </summary>
public class WithinClassVariability : KernelSubject
{
    private int[] _labels = [];
    private Tensor _features = null!;
    private Tensor _classes = null!;

    /// <inheritdoc/>
    public override IEnumerable<KernelShape> Shapes =>
        [new(4096, 512, 10), new(4096, 512, 100), new(4096, 512, 1000), new(50_000, 512, 1000)];

    /// <summary>What the last run found.</summary>
    internal double? Value { get; private set; }

    /// <summary>The library's: class sums, the directions of the means, and the samples along them.</summary>
    [Benchmark(Baseline = true)]
    public void Library()
    {
        var statistics = new ClassStatistics(Shape.Width);
        statistics.Add(_features, _classes);
        using var variability = PseudoInverseVariability.Create(statistics)!;
        variability.Add(_features, _labels);
        Value = variability.Value;
    }

    /// <summary>Both covariance matrices about known means, and <c>pinv</c>.</summary>
    [Benchmark]
    public void TwoCovariances()
    {
        using var scope = NewDisposeScope();
        var features = _features.to(float64);
        var counts = zeros(Shape.Classes, dtype: float64).index_add_(0, _classes, ones(Shape.Samples, dtype: float64), 1).unsqueeze(1);
        var means = zeros(Shape.Classes, Shape.Width, dtype: float64).index_add_(0, _classes, features, 1) / counts;
        var deviations = features - means.index_select(0, _classes);
        var within = deviations.t().mm(deviations) / Shape.Samples;
        var centered = means - means.mean([0L], keepdim: true);
        var between = centered.t().mm(centered) / Shape.Classes;
        Value = (within.mm(linalg.pinv(between, hermitian: true)).trace() / Shape.Classes).item<double>();
    }

    // A projection on the directions in which means differ, once for every sample, or half of the covariance, whichever is less; the
    // decomposition of the means is not counted.
    internal override Cost CostOf(string method) => new(
        FeatureBytes + (Present * Shape.Width * sizeof(double)),
        Shape.Samples * (double)Shape.Width * Math.Min(2 * (Present - 1), Shape.Width + 1),
        IsDouble: true);

    private protected override void Prepare()
    {
        base.Prepare();
        _features = Hold(Features.cpu().alias());
        _classes = Hold(Labels.cpu().alias());
        _labels = LabelReader.Read(_classes, Shape.Classes);
    }
}
