namespace EtfNet.Samples;

/// <summary>What is kept of a run.</summary>
/// <param name="Hardware">Where it ran.</param>
/// <param name="Commit">Of which code; null where that is not known.</param>
/// <param name="Samples">The training samples.</param>
/// <param name="Epochs">Its epochs so far.</param>
internal sealed record RunRecord(string Hardware, string? Commit, long Samples, IReadOnlyList<EpochResult> Epochs);
