namespace EtfNet.Samples;

/// <summary>What is known of a network's layers after an epoch.</summary>
/// <param name="NccError">Each layer's name and NCC error, first layer to last; null where it was not scored (no centers in the first epoch).</param>
/// <param name="Fixed">The layers fixed so far.</param>
/// <param name="EffectiveDepth">The first layer from which all later ones are at or below epsilon, counted from 1; null: none.</param>
/// <param name="Notes">Why layers that are ready wait.</param>
public sealed record LayerStatus(
    IReadOnlyList<KeyValuePair<string, double?>> NccError,
    IReadOnlyList<FixedLayer> Fixed,
    int? EffectiveDepth,
    IReadOnlyList<string> Notes);
