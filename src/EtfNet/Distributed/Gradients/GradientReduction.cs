namespace EtfNet;

/// <summary>What one averaging of gradients exchanged.</summary>
/// <param name="Parameters">How many parameters have an averaged gradient.</param>
/// <param name="Buckets">In how many sums it was done.</param>
/// <param name="Bytes">The bytes of gradients that each rank gave to these sums.</param>
/// <param name="Unused">The trainable parameters that no rank had a gradient for; theirs stays null.</param>
public sealed record GradientReduction(int Parameters, int Buckets, long Bytes, IReadOnlyList<string> Unused);
