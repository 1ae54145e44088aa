namespace EtfNet.Samples;

/// <summary>A layer that is not trained.</summary>
/// <param name="Layer">Its name.</param>
/// <param name="Epoch">The epoch behind which it was fixed; 0: from the start.</param>
/// <param name="Frame">Its frame; <c>dense</c> where a dense weight is frozen.</param>
/// <param name="Rank">The directions of an aligned frame.</param>
/// <param name="OutputError">The frame's outputs' distance from the layer's.</param>
/// <param name="InPlace">Why its weight stays in memory; null where it does not.</param>
public sealed record FixedResult(
    string Layer, int Epoch, string Frame, int? Rank = null, double? OutputError = null, string? InPlace = null);
