namespace EtfNet.Samples;

/// <summary>A network's tail that was cut off.</summary>
/// <param name="Behind">The last layer that is left.</param>
/// <param name="Epoch">The epoch behind which it was cut off.</param>
public sealed record CutResult(string Behind, int Epoch);
