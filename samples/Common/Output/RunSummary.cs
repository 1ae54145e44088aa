namespace EtfNet.Samples;

/// <summary>One run in <c>summary.json</c>.</summary>
public sealed record RunSummary(
    string Name,
    double TrainAccuracy,
    double TestAccuracy,
    long TrainableParameters,
    long TotalParameters,
    long WeightBytes,
    long GradientBytes,
    long OptimizerBytes,
    IReadOnlyList<double> SecondsPerEpoch,
    IReadOnlyDictionary<string, IReadOnlyList<double?>> NccError,
    int? EffectiveDepth,
    IReadOnlyList<FixedLayerSummary> FixedLayers)
{
    /// <summary>Sums up a run's finished epochs, of which there must be one.</summary>
    public static RunSummary From(string name, IReadOnlyList<EpochResult> epochs)
    {
        var last = epochs[^1];
        var errors = last.Layers.NccError.ToDictionary(
            layer => layer.Key,
            layer => (IReadOnlyList<double?>)[.. epochs.Select(epoch => epoch.Layers.NccError.FirstOrDefault(other => other.Key == layer.Key).Value)]);
        return new RunSummary(
            name, last.TrainAccuracy, last.TestAccuracy,
            last.Footprint.TrainableParameters, last.Footprint.TrainableParameters + last.Footprint.FixedParameters,
            last.Footprint.WeightBytes, last.Footprint.GradientBytes, last.Footprint.OptimizerBytes,
            [.. epochs.Select(epoch => Math.Round(epoch.Seconds, 4))], errors, last.Layers.EffectiveDepth,
            [.. last.Layers.Fixed.Select(layer => new FixedLayerSummary(layer.Name, layer.Epoch, layer.Frame, layer.Rank))]);
    }
}
