namespace EtfNet.Benchmarks.Kernels;

/// <summary>Which class center is nearest: the library's scores (leave-one-out included) against <c>cdist</c> and against a product, both
/// with <c>argmin</c>.</summary>
public class NccScoring : KernelSubject
{
    private int[] _labels = [];
    private ClassCenters _centers = null!;
    private DeviceCenters? _deviceCenters;
    private Tensor _means = null!;
    private Tensor _squaredNorms = null!;

    /// <summary>The library's scores, as the online mode takes them.</summary>
    [Benchmark(Baseline = true)]
    public void Library()
    {
        using var scope = NewDisposeScope();
        if (_deviceCenters is null)
            NearestClassCenter.Score(FeatureRows.View(Features), _labels, _centers);
        else
            _deviceCenters.Score(Features, Labels, predictions: null);
    }

    /// <summary>Distances by <c>cdist</c>, then the least of each row.</summary>
    [Benchmark]
    public void CdistArgmin()
    {
        using var scope = NewDisposeScope();
        cdist(Features, _means).argmin(1);
    }

    /// <summary>The best plain formulation: the least of <c>|m|^2 - 2 h.m</c>, one product.</summary>
    [Benchmark]
    public void ProductArgmin()
    {
        using var scope = NewDisposeScope();
        addmm(_squaredNorms, Features, _means.t(), 1, -2).argmin(1);
    }

    internal override Cost CostOf(string method) =>
        new(FeatureBytes + (Present * Shape.Width * sizeof(float)), 2.0 * Shape.Samples * Shape.Width * Present);

    private protected override void Prepare()
    {
        base.Prepare();
        _labels = LabelReader.Read(Labels, Shape.Classes);
        _centers = ClassCenters.Create(Statistics);
        _means = Hold(ClassMeans());
        _squaredNorms = Hold(_means.square().sum([1L]));
        _deviceCenters = IsCuda ? Hold(new DeviceCenters(Statistics, Shape.Classes, Device)) : null;
    }
}
