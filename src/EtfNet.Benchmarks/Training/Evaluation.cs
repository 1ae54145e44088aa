namespace EtfNet.Benchmarks.Training;

/// <summary>The exact mode, two passes over 2,560 samples, beside training on them once.</summary>
public class Evaluation : Subject
{
    private const int Batches = 20;

    private TrainingRig _rig = null!;
    private NccMonitor _monitor = null!;
    private (Tensor, Tensor)[] _batches = [];

    /// <summary>The measures beside the error.</summary>
    [Params(CollapseMetricSet.None, CollapseMetricSet.All)]
    public CollapseMetricSet Metrics { get; set; } = new NccMonitorOptions().Metrics;

    /// <summary>Twenty training steps, unwatched.</summary>
    [Benchmark(Baseline = true)]
    public void TrainEpoch()
    {
        using var suspended = _monitor.Suspend();
        foreach (var _ in _batches)
            _rig.Step();
    }

    /// <summary>The exact error of every layer, and the measures.</summary>
    [Benchmark]
    public void Evaluate() => _monitor.Evaluate(_batches);

    private protected override void Prepare()
    {
        _rig = Hold(new TrainingRig());
        _batches = [.. Enumerable.Repeat((_rig.Input, _rig.Labels), Batches)];
        _monitor = Hold(new NccMonitor(_rig.Model, new NccMonitorOptions { Metrics = Metrics }));
    }
}
