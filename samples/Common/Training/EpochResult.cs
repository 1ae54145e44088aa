using System.Globalization;
using System.Text.RegularExpressions;

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
public sealed partial record EpochResult(
    int Epoch, double Loss, double LearningRate, double TrainAccuracy, double TestAccuracy, double Seconds, double MonitoringSeconds,
    ModelFootprint Footprint, int? EffectiveDepth, IReadOnlyList<LayerResult> Layers, IReadOnlyList<FixedResult> Fixed,
    IReadOnlyDictionary<string, double>? Measures = null, CutResult? Cut = null, double? TestSeconds = null)
{
    /// <summary>The NCC error of a layer; null where it has none.</summary>
    public double? NccError(string layer) => Layers.FirstOrDefault(other => other.Name == layer)?.NccError;

    /// <summary>How many layers (or blocks) a network has that is as shallow as the effective depth: the number in the name of the layer
    /// there. Null: none are left out.</summary>
    public int? ShallowLayers() => EffectiveDepth is not { } depth ? null : Layers[depth - 1].Name == "stem" ? 1
        : Number().Match(Layers[depth - 1].Name) is { Success: true } number ? int.Parse(number.Value, CultureInfo.InvariantCulture) : null;

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Number();
}

/// <summary>A layer after an epoch.</summary>
/// <param name="Name">Its name.</param>
/// <param name="NccError">Its nearest-class-center error; null where it was not scored, as in the first epoch.</param>
/// <param name="Note">Why it is not fixed although its error is at or below epsilon; null otherwise.</param>
public sealed record LayerResult(string Name, double? NccError, string? Note);

/// <summary>A network's tail that was cut off.</summary>
/// <param name="Behind">The last layer that is left.</param>
/// <param name="Epoch">The epoch behind which it was cut off.</param>
public sealed record CutResult(string Behind, int Epoch);

/// <summary>A layer that is not trained.</summary>
/// <param name="Layer">Its name.</param>
/// <param name="Epoch">The epoch behind which it was fixed; 0: from the start.</param>
/// <param name="Frame">Its frame; <c>dense</c> where a dense weight is frozen.</param>
/// <param name="Rank">The directions of an aligned frame.</param>
/// <param name="OutputError">The frame's outputs' distance from the layer's.</param>
/// <param name="InPlace">Why its weight stays in memory; null where it does not.</param>
public sealed record FixedResult(
    string Layer, int Epoch, string Frame, int? Rank = null, double? OutputError = null, string? InPlace = null);
