namespace EtfNet.Samples;

/// <summary>What a run trains on and is tested with.</summary>
/// <param name="Source">As in <c>--data</c>.</param>
internal sealed record DataSettings(string Source)
{
    /// <summary>Gets how many training images are drawn; null for all.</summary>
    public int? TrainSamples { get; init; }

    /// <summary>Gets how many test images are drawn; null for all.</summary>
    public int? TestSamples { get; init; }

    /// <summary>Gets the chance of a training label to be a random one; null for none.</summary>
    public double? LabelNoise { get; init; }
}
