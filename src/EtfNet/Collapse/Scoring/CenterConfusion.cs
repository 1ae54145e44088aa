namespace EtfNet;

/// <summary>How many samples of a class are nearest to the center of another class.</summary>
/// <param name="Label">The class of the samples, from 0.</param>
/// <param name="Center">The class of the center that is nearest to them; -1 if no center was left.</param>
/// <param name="Count">The number of those samples, at least 1.</param>
public readonly record struct CenterConfusion(int Label, int Center, long Count);
