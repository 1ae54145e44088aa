namespace EtfNet.Benchmarks.Kernels;

/// <summary>What the library keeps of each class, with or without its scatter: on the CPU a state, on a device the sums there.</summary>
public abstract class StatisticsSubject : KernelSubject
{
    private readonly bool _tracksScatter;
    private ClassStatistics _state = null!;
    private DeviceSums? _deviceState;

    private protected StatisticsSubject(bool tracksScatter) => _tracksScatter = tracksScatter;

    /// <summary>The library's, in float64, labels read and checked.</summary>
    [Benchmark(Baseline = true)]
    public void Library()
    {
        if (_deviceState is null)
        {
            _state.Add(Features, Labels);
            return;
        }

        _deviceState.Add(Features, Labels, ignoreIndex: null, score: false, predictions: null);
        _deviceState.CatchUp();
    }

    private protected override void Prepare()
    {
        base.Prepare();
        _state = new ClassStatistics(Shape.Width, _tracksScatter);
        var options = new NccMonitorOptions { Metrics = _tracksScatter ? CollapseMetricSet.Variability : CollapseMetricSet.None };
        _deviceState = IsCuda ? Hold(new DeviceSums(Shape.Width, Shape.Classes, Device, options)) : null;
    }
}
