namespace EtfNet;

/// <summary>What calibration is asked to do.</summary>
/// <param name="Frame">The frame that takes a layer's place.</param>
/// <param name="MatchOutputs">Whether scale and bias reproduce the layer's outputs.</param>
/// <param name="MaxPerEpoch">The most layers to fix at once.</param>
/// <param name="MaxOutputError">How far a frame's outputs may be from the layer's.</param>
/// <param name="MaxErrorRise">By how much the nearest-class-center error of the network's outputs may rise.</param>
/// <param name="MaxLossRise">By what share the network's loss may rise.</param>
/// <param name="Pooling">How the network's outputs become one row per sample.</param>
/// <param name="ClassesSeen">The number of classes that were seen.</param>
internal sealed record CalibrationOptions(EtfFrame Frame, bool MatchOutputs, int MaxPerEpoch, double MaxOutputError, double MaxErrorRise,
    double MaxLossRise, FeaturePooling Pooling, int ClassesSeen)
{
    /// <summary>Gets the number of classes, if the user gave it; otherwise a head's outputs count.</summary>
    public int? ClassCount { get; init; }

    /// <summary>Gets the most samples to calibrate on.</summary>
    public int Samples { get; init; } = int.MaxValue;

    /// <summary>Gets which share of an epoch's work may be spent.</summary>
    public double MaxShare { get; init; } = double.PositiveInfinity;
}
