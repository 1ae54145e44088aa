namespace EtfNet;

/// <content>What fixing may cost.</content>
public sealed partial record AdaptiveEtfOptions
{
    /// <summary>Gets which share of an epoch's work the calibration of its fixes may take; layers whose turn does not come within it wait
    /// for the next epoch.</summary>
    /// <value>
    /// Above 0; infinity sets no limit. The default is 0.1. Work is counted in samples that pass through the model: once in calibration,
    /// and three times in a training step, whose backward pass costs twice the forward. Where <see cref="CalibrationSamples"/> of them,
    /// once as the model is and once for each layer that is tried, would exceed the share, fewer samples are taken, though not fewer than
    /// 256, and then fewer layers are tried. Two passes are always possible, so that a short epoch may end with up to 512 samples' forwards
    /// (two batches where a batch is larger than 256). Batches that are given to <c>EndEpoch</c> are not counted.
    /// </value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not above 0.</exception>
    public double MaxCalibrationShare
    {
        get;
        init => field = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(MaxCalibrationShare), value, "Must be above 0.");
    } = 0.1;
}
