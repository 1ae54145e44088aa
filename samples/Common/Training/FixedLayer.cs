namespace EtfNet.Samples;

/// <summary>A layer that was fixed as a simplex ETF: when (epoch 0: before training) and as what.</summary>
public sealed record FixedLayer(string Layer, int Epoch, string Frame, int? Rank);
