namespace EtfNet;

/// <summary>What the training program measured in an epoch, for an <see cref="EtfHistory"/>. Every value is optional.</summary>
public sealed record EpochFigures
{
    /// <summary>Gets the epoch's loss.</summary>
    /// <value>Any number, NaN included. The default is null.</value>
    public double? Loss { get; init; }

    /// <summary>Gets the epoch's accuracy.</summary>
    /// <value>A fraction in [0, 1]. The default is null.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value lies outside [0, 1].</exception>
    public double? Accuracy
    {
        get;
        init => field = value is null or (>= 0 and <= 1)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Accuracy), value, "Must be a fraction in [0, 1].");
    }

    /// <summary>Gets how long the epoch took, in seconds.</summary>
    /// <value>A finite number of at least 0. The default is null.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative or not finite.</exception>
    public double? Seconds
    {
        get;
        init => field = value is null || (value >= 0 && double.IsFinite(value.Value))
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Seconds), value, "Must be a finite number, at least 0.");
    }

    /// <summary>Gets the parameters and bytes at the end of the epoch, from <see cref="ModuleExtensions.MeasureFootprint"/>.</summary>
    /// <value>The default is null.</value>
    public ModelFootprint? Footprint { get; init; }
}
