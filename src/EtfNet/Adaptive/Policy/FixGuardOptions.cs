namespace EtfNet;

/// <summary>
/// Options of the guard, which reverts a fix that costs too much. With a guard, end every epoch with
/// <see cref="AdaptiveEtfScheduler.EndEpochWithLoss(double)"/> or <see cref="AdaptiveEtfScheduler.EndEpochWithAccuracy(double)"/>.
/// </summary>
/// <remarks>The old weights and their optimizer state are kept until the grace period is over; no memory is freed before.</remarks>
public sealed record FixGuardOptions
{
    /// <summary>Gets by how much the loss or accuracy may be worse than before the fix.</summary>
    /// <value>At least 0: in units of the loss, or for the accuracy as a fraction. The default is 0.01.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative or not a finite number.</exception>
    public double Tolerance
    {
        get;
        init => field = value >= 0 && double.IsFinite(value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Tolerance), value, "Must be a finite number, at least 0.");
    } = 0.01;

    /// <summary>Gets the grace period: the number of epochs after which a fix is judged, by the best of these epochs.</summary>
    /// <value>At least 1. The default is 2.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int GraceEpochs
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(GraceEpochs), value, "Must be at least 1.");
    } = 2;
}
