namespace EtfNet.Samples;

/// <summary>One finished epoch, with what was fixed at its end in effect.</summary>
/// <param name="Epoch">Counted from 1.</param>
/// <param name="Loss">The mean training loss.</param>
/// <param name="LearningRate">The learning rate.</param>
/// <param name="TrainAccuracy">Over the whole training set in evaluation mode, a fraction.</param>
/// <param name="TestAccuracy">The same over the test set.</param>
/// <param name="Seconds">Training time: without the accuracies, and with measuring layers only where that is part of the method.</param>
/// <param name="MonitoringSeconds">Time of measuring (and fixing) layers.</param>
/// <param name="Footprint">Parameters and bytes.</param>
/// <param name="EffectiveDepth">The number, from 1, of the first layer from which all have collapsed; null: none.</param>
/// <param name="Layers">The layers, first to last.</param>
/// <param name="Fixed">The layers that are not trained, in the order in which they were fixed.</param>
/// <param name="Measures">The library's measures of collapse, as in <c>head: nc1</c>; null: not taken.</param>
/// <param name="Cut">The last layer that is left of a network whose tail was cut off, and behind which epoch; null: it is whole.</param>
/// <param name="TestSeconds">The time of the forwards over the test set.</param>
/// <param name="TrainLoss">The mean loss over the whole training set in evaluation mode; null: not taken.</param>
/// <param name="TestLoss">The same over the test set.</param>
public sealed record EpochResult(
    int Epoch, double Loss, double LearningRate, double TrainAccuracy, double TestAccuracy, double Seconds, double MonitoringSeconds,
    ModelFootprint Footprint, int? EffectiveDepth, IReadOnlyList<LayerResult> Layers, IReadOnlyList<FixedResult> Fixed,
    IReadOnlyDictionary<string, double>? Measures = null, CutResult? Cut = null, double? TestSeconds = null,
    double? TrainLoss = null, double? TestLoss = null)
{
    /// <summary>The NCC error of a layer; null where it has none.</summary>
    public double? NccError(string layer) => Layers.FirstOrDefault(other => other.Name == layer)?.NccError;

    /// <summary>How many layers (or blocks) a network has that is as shallow as the effective depth: the number in the name of the layer
    /// there. Null: none are left out.</summary>
    public int? ShallowLayers() => EffectiveDepth is not { } depth ? null : Layers[depth - 1].Name == "stem" ? 1
        : Regex.Match(Layers[depth - 1].Name, "[0-9]+") is { Success: true } number ? int.Parse(number.Value) : null;
}
