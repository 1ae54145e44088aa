using EtfNet.Benchmarks.Training;

namespace EtfNet.Benchmarks.Ratios;

/// <summary>A whole training step with eight of ten hidden layers fixed, the scheduler watching, against the same network plain.</summary>
internal sealed class TrainingStepFixedRatio : Ratio
{
    public const int Fixed = 8;

    public override string Name => "trainingStepFixed";

    public override IEnumerable<RatioCase> Cases() => [new RatioCase("trainingStepBaseline", TrainingSubject.Batch, TrainingSubject.Width, 2 * TrainingSubject.Classes, Prepare)];

    private static PairedWork Prepare()
    {
        var (subject, baseline) = (new TrainingSubject().FixLast(Fixed).Watch(), new TrainingSubject());
        return new PairedWork(subject.Step, baseline.Step, 0, subject, baseline);
    }
}

/// <summary>Weight, gradient and optimizer bytes of the same pair, in the place of milliseconds.</summary>
internal sealed class TrainingBytesFixedRatio : Ratio
{
    public override string Name => "trainingBytesFixed";

    public override IEnumerable<RatioCase> Cases() =>
        [new RatioCase("trainingStepBaseline", TrainingSubject.Batch, TrainingSubject.Width, 2 * TrainingSubject.Classes, Prepare)];

    private static PairedWork Prepare()
    {
        var (subject, baseline) = (new TrainingSubject().FixLast(TrainingStepFixedRatio.Fixed), new TrainingSubject());
        subject.Step();
        baseline.Step();
        return new PairedWork(subject.Step, baseline.Step, 0, subject, baseline)
        {
            Counted = (subject.Model.MeasureFootprint(subject.Optimizer).TotalBytes, baseline.Model.MeasureFootprint(baseline.Optimizer).TotalBytes),
        };
    }
}
