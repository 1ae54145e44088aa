namespace EtfNet;

/// <content>What fixing may cost.</content>
public sealed partial record AdaptiveEtfOptions
{
    /// <summary>Gets the share of an epoch's work that the calibration of its fixes may take. Layers that would exceed this share wait for
    /// the next epoch.</summary>
    /// <value>
    /// Above 0; infinity sets no limit. The default is 0.1. Work is counted in samples: a sample counts once in a calibration pass, and
    /// three times in a training step, because the backward pass costs twice the forward. Calibration passes
    /// <see cref="CalibrationSamples"/> samples through the model once unchanged, and once more for each layer that is tried. If this would
    /// exceed the share, it takes fewer samples, but at least 256, and then tries fewer layers. Two passes are always allowed, so a short
    /// epoch may end with the forwards of up to 512 samples (two batches, if a batch is larger than 256). Batches passed to <c>EndEpoch</c>
    /// are not counted, nor is the batch that is passed through before and after layers are replaced.
    /// </value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not above 0.</exception>
    public double MaxCalibrationShare
    {
        get;
        init => field = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(MaxCalibrationShare), value, "Must be above 0.");
    } = 0.1;
}
