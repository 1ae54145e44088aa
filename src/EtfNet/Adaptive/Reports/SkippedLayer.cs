namespace EtfNet;

/// <summary>A layer that can never be fixed.</summary>
/// <param name="Name">The layer's name in the model.</param>
/// <param name="Reason">Why it cannot be fixed.</param>
/// <param name="Parameters">The number of parameters that it trains, weights and biases.</param>
public sealed record SkippedLayer(string Name, string Reason, long Parameters);
