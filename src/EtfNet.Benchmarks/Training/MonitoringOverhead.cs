using BenchmarkDotNet.Attributes;
using EtfNet.Benchmarks.Measuring;

namespace EtfNet.Benchmarks.Training;

/// <summary>A training step that is watched, against the same step that is not. The ratio of a percent needs the <c>ratios</c> command's
/// many pairs.</summary>
public class MonitoringOverhead : Subject
{
    // Epochs of fewer batches are scored oftener.
    private const int Warmup = 70;

    private TrainingRig _rig = null!;
    private NccMonitor[] _monitors = [];

    /// <summary>Nobody watches.</summary>
    [Benchmark(Baseline = true)]
    public void Unmonitored() => Step(null);

    /// <summary>The default options: one batch in four is scored.</summary>
    [Benchmark]
    public void Monitored() => Step(0);

    /// <summary>Every batch is scored.</summary>
    [Benchmark]
    public void ScoringEveryBatch() => Step(1);

    /// <summary>The default cadence, and every metric that costs little.</summary>
    [Benchmark]
    public void AllCheapMetrics() => Step(2);

    private protected override void Prepare()
    {
        _rig = Hold(new TrainingRig(Device));
        _monitors =
        [
            Watch(new NccMonitorOptions()),
            Watch(new NccMonitorOptions { ScoreEvery = 1 }),
            Watch(new NccMonitorOptions { Metrics = CollapseMetricSet.Cheap }),
        ];
        Hold(_rig.Model);
        Hold(_rig.Optimizer);
    }

    /// <summary>A step with one monitor watching and the others suspended: one network, so that all steps find the same memory.</summary>
    private void Step(int? watching)
    {
        var suspended = _monitors.Where((_, index) => index != watching).Select(monitor => monitor.Suspend()).ToArray();
        if (watching is { } index)
            _rig.Step(() => _monitors[index].Observe(_rig.Labels));
        else
            _rig.Step();
        foreach (var suspension in suspended)
            suspension.Dispose();
    }

    /// <summary>A monitor with an epoch behind it that is long enough for the cadence of long ones.</summary>
    private NccMonitor Watch(NccMonitorOptions options)
    {
        var monitor = Hold(new NccMonitor(_rig.Model, options));
        for (var i = 0; i < Warmup; i++)
            _rig.Step(() => monitor.Observe(_rig.Labels));
        monitor.EndEpoch();
        return monitor;
    }
}
