namespace EtfNet.Samples;

/// <summary>The content of <c>summary.json</c>: fractions are in [0, 1], bytes and parameters are after the last finished epoch.</summary>
public sealed record Summary(string Data, string Hardware, IReadOnlyList<RunSummary> Runs);
