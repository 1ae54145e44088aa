namespace EtfNet.Samples;

/// <summary>A fixed layer in <c>summary.json</c>: when it was fixed (epoch 0: before training) and as what.</summary>
public sealed record FixedLayerSummary(string Layer, int Epoch, string Frame, int? Rank);
