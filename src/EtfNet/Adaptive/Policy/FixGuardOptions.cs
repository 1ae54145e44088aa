namespace EtfNet;

/// <summary>
/// Takes a fix back that cost too much. Every epoch then ends with <see cref="AdaptiveEtfScheduler.EndEpochWithLoss(double)"/> or
/// <see cref="AdaptiveEtfScheduler.EndEpochWithAccuracy(double)"/>.
/// </summary>
/// <remarks>Until the grace period is over, the old weights and their optimizer state are kept: nothing is freed before.</remarks>
public sealed record FixGuardOptions
{
    /// <summary>Gets how much worse the loss or accuracy may be than before the fix.</summary>
    /// <value>At least 0, in the units of the loss, or as a fraction for the accuracy. The default is 0.01.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative or not a finite number.</exception>
    public double Tolerance
    {
        get;
        init => field = value >= 0 && double.IsFinite(value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Tolerance), value, "Must be a finite number, at least 0.");
    } = 0.01;

    /// <summary>Gets after how many epochs a fix is judged, by the best of them.</summary>
    /// <value>At least 1. The default is 2.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int GraceEpochs
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(GraceEpochs), value, "Must be at least 1.");
    } = 2;
}
