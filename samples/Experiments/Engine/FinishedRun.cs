namespace EtfNet.Samples;

/// <summary>A run that is finished.</summary>
/// <param name="Run">Which.</param>
/// <param name="Record">What came out.</param>
internal sealed record FinishedRun(ExperimentRun Run, RunRecord Record)
{
    public IReadOnlyList<EpochResult> Epochs => Record.Epochs;

    public EpochResult Last => Epochs[^1];

    /// <summary>Gets the epochs of the fixes during training, ascending.</summary>
    public IReadOnlyList<int> Fixes => [.. Last.Fixed.Select(layer => layer.Epoch).Where(epoch => epoch > 0).Order()];

    public int? FirstFix => Fixes.Count > 0 ? Fixes[0] : null;

    public int? LastFix => Fixes.Count > 0 ? Fixes[^1] : null;

    /// <summary>Gets the seconds over the test set: the median over the epochs behind which the network had its last shape.</summary>
    public double? TestSeconds => Epochs.Where(epoch => epoch.Cut == Last.Cut).Select(epoch => epoch.TestSeconds).Order().ToList()
        is var times ? times[times.Count / 2] : null;

    /// <summary>The share of the parameters that is trained, the mean over the epochs: what the fixes of earlier ones left.</summary>
    public double TrainedShare() => Epochs.Select((_, i) => Epochs[Math.Max(0, i - 1)].Footprint)
        .Average(size => size.TrainableParameters / (double)(size.TrainableParameters + size.FixedParameters));

    /// <summary>The seconds of training up to an epoch.</summary>
    public double Seconds(int epoch = int.MaxValue) => Epochs.Take(epoch).Sum(one => one.Seconds);
}
