namespace EtfNet;

/// <summary>A forward and its part of the labels.</summary>
/// <param name="Forward">The forward.</param>
/// <param name="Start">The first of its labels.</param>
/// <param name="Count">How many there are.</param>
internal sealed record LabeledForward(Forward Forward, int Start, int Count);
