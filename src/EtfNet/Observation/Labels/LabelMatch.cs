namespace EtfNet;

/// <summary>The forwards that labels belong to.</summary>
/// <param name="Kind">What the labels are.</param>
/// <param name="Forwards">The forwards, in their order, each with its part of the labels.</param>
/// <param name="IsNamed">Whether the forward was named by its output: others may be named after it.</param>
internal sealed record LabelMatch(LabelKind Kind, IReadOnlyList<LabeledForward> Forwards, bool IsNamed);
