namespace EtfNet;

/// <summary>A cut that a scheduler made and can revert.</summary>
/// <param name="Tail">What was cut off.</param>
/// <param name="Gone">What was known about its layers.</param>
internal sealed record StandingCut(TailCut Tail, GoneLayers Gone);
