namespace EtfNet;

/// <summary>What one averaging of gradients exchanged.</summary>
/// <param name="Parameters">How many parameters have an averaged gradient.</param>
/// <param name="Buckets">The number of sums used.</param>
/// <param name="Bytes">The bytes of gradients that each rank contributed to these sums.</param>
/// <param name="Unused">The trainable parameters for which no rank has a gradient; their gradients stay null.</param>
public sealed record GradientReduction(int Parameters, int Buckets, long Bytes, IReadOnlyList<string> Unused);
