using EtfNet.Benchmarks.Training;

namespace EtfNet.Benchmarks.Ratios;

/// <summary>A whole training step with eight of ten hidden layers fixed, the scheduler watching, against the same network plain.</summary>
internal sealed class TrainingStepFixedRatio : Ratio
{
    public const int Fixed = 8;

    public override string Name => "trainingStepFixed";

    public override IEnumerable<RatioCase> Cases() => [new RatioCase("trainingStepBaseline", TrainingRig.Batch, TrainingRig.Width, 2 * TrainingRig.Classes, Prepare)];

    private static PairedWork Prepare()
    {
        var (rig, baseline) = (new TrainingRig().FixLast(Fixed), new TrainingRig());
        // It watches, as in a training, and fixes nothing more.
        var scheduler = rig.Model.ApplyAdaptiveEtf(1e-9, rig.Optimizer);
        return new PairedWork(() => rig.Step(() => scheduler.Observe(rig.Labels)), () => baseline.Step(), 0, scheduler, rig, baseline);
    }
}

/// <summary>Weight, gradient and optimizer bytes of the same pair, in the place of milliseconds.</summary>
internal sealed class TrainingBytesFixedRatio : Ratio
{
    public override string Name => "trainingBytesFixed";

    public override IEnumerable<RatioCase> Cases() =>
        [new RatioCase("trainingStepBaseline", TrainingRig.Batch, TrainingRig.Width, 2 * TrainingRig.Classes, Prepare)];

    private static PairedWork Prepare()
    {
        var (rig, baseline) = (new TrainingRig().FixLast(TrainingStepFixedRatio.Fixed), new TrainingRig());
        rig.Step();
        baseline.Step();
        return new PairedWork(() => rig.Step(), () => baseline.Step(), 0, rig, baseline)
        {
            Counted = (rig.Model.MeasureFootprint(rig.Optimizer).TotalBytes, baseline.Model.MeasureFootprint(baseline.Optimizer).TotalBytes),
        };
    }
}
