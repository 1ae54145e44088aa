using EtfNet.Benchmarks.Training;
using static TorchSharp.torch;

namespace EtfNet.Benchmarks.Ratios.Monitoring;

/// <summary>The exact mode, two passes over 2,560 samples, against training on them once.</summary>
internal sealed class EvaluateRatio(string name, NccMonitorOptions options) : Ratio
{
    private const int Batches = 20;

    public override string Name => name;

    public override IEnumerable<RatioCase> Cases()
    {
        yield return new RatioCase("trainingEpoch", TrainingRig.Batch, TrainingRig.Width, null, Prepare);
    }

    private PairedWork Prepare()
    {
        var rig = new TrainingRig();
        var monitor = new NccMonitor(rig.Model, options);
        var batches = Enumerable.Repeat((rig.Input, rig.Labels), Batches).ToArray();
        return new PairedWork(() => monitor.Evaluate(batches), Train, 0, monitor, rig);

        void Train()
        {
            using var suspended = monitor.Suspend();
            for (var i = 0; i < Batches; i++)
                rig.Step();
        }
    }
}
