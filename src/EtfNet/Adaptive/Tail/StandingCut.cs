namespace EtfNet;

/// <summary>A cut that a scheduler made, and can take back.</summary>
/// <param name="Tail">What was cut off.</param>
/// <param name="Gone">What was known of its layers.</param>
internal sealed record StandingCut(TailCut Tail, GoneLayers Gone);
