using BenchmarkDotNet.Attributes;
using EtfNet.Benchmarks.Measuring.Limits;
using EtfNet.Benchmarks.PyTorch;
using TorchSharp;
using static TorchSharp.torch;

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

    /// <summary>The library's: class sums, the directions of the means, and the samples along them.</summary>
    [Benchmark(Baseline = true)]
    public void Library() => ByLibrary(_features, _classes, _labels);

    /// <summary>Both covariance matrices about known means, and <c>pinv</c>.</summary>
    [Benchmark]
    public void TwoCovariances() => ByTwoCovariances(_features, _classes, Shape.Classes);

    /// <summary>NC1 by the library.</summary>
    /// <param name="features">Samples x width.</param>
    /// <param name="classes">Their classes.</param>
    /// <param name="labels">The same, read.</param>
    internal static double? ByLibrary(Tensor features, Tensor classes, int[] labels)
    {
        var statistics = new ClassStatistics((int)features.shape[1]);
        statistics.Add(features, classes);
        using var variability = PseudoInverseVariability.Create(statistics)!;
        variability.Add(features, labels);
        return variability.Value;
    }

    /// <summary>NC1 as it is defined.</summary>
    /// <param name="source">Samples x width.</param>
    /// <param name="classes">Their classes.</param>
    /// <param name="count">How many classes there are, each with a sample.</param>
    internal static double ByTwoCovariances(Tensor source, Tensor classes, long count)
    {
        using var scope = NewDisposeScope();
        var (features, samples, width) = (source.to(float64), source.shape[0], source.shape[1]);
        var counts = zeros(count, dtype: float64).index_add_(0, classes, ones(samples, dtype: float64), 1).unsqueeze(1);
        var means = zeros(count, width, dtype: float64).index_add_(0, classes, features, 1) / counts;
        var deviations = features - means.index_select(0, classes);
        var within = deviations.t().mm(deviations) / samples;
        var centered = means - means.mean([0L], keepdim: true);
        var between = centered.t().mm(centered) / count;
        return (within.mm(linalg.pinv(between, hermitian: true)).trace() / count).item<double>();
    }

    // A projection on the directions in which means differ, once for every sample, or half of the covariance, whichever is less; the
    // decomposition of the means is not counted.
    internal override Cost CostOf(string method) => new(
        FeatureBytes + (Present * Shape.Width * sizeof(double)),
        Shape.Samples * (double)Shape.Width * Math.Min(2 * (Present - 1), Shape.Width + 1),
        IsDouble: true);

    internal override IReadOnlyList<PeerWork> Peers => [Peer("nc1.two_covariances")];

    private protected override void Prepare()
    {
        base.Prepare();
        _features = Hold(Features.cpu().alias());
        _classes = Hold(Labels.cpu().alias());
        _labels = LabelReader.Read(_classes, Shape.Classes);
    }
}
