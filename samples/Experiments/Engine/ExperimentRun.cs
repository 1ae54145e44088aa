using System.Text.RegularExpressions;

namespace EtfNet.Samples;

/// <summary>One training run of an experiment.</summary>
/// <param name="Variant">What it is, the same for all its seeds.</param>
/// <param name="Line">Its line in pictures over a key.</param>
/// <param name="Seed">Its seed.</param>
/// <param name="Waits">Whether its settings follow from a run that is not finished.</param>
/// <param name="Values">The values of its keys.</param>
/// <param name="Run">What is trained.</param>
internal sealed partial record ExperimentRun(
    string Variant, string Line, int Seed, bool Waits, IReadOnlyDictionary<string, string> Values, TrainingRun Run)
{
    /// <summary>Gets its name, fit for a file: letters, digits, dots, hyphens.</summary>
    public string Key => $"{Others().Replace(Variant.ToLowerInvariant(), "-").Trim('-')}-s{Seed}";

    [GeneratedRegex("[^a-z0-9.]+")]
    private static partial Regex Others();
}

/// <summary>What is kept of a run.</summary>
/// <param name="Hardware">Where it ran.</param>
/// <param name="Commit">Of which code; null where that is not known.</param>
/// <param name="Samples">The training samples.</param>
/// <param name="Epochs">Its epochs so far.</param>
internal sealed record RunRecord(string Hardware, string? Commit, long Samples, IReadOnlyList<EpochResult> Epochs);

/// <summary>A run that is finished.</summary>
/// <param name="Run">Which.</param>
/// <param name="Record">What came out.</param>
internal sealed record FinishedRun(ExperimentRun Run, RunRecord Record)
{
    public IReadOnlyList<EpochResult> Epochs => Record.Epochs;

    public EpochResult Last => Epochs[^1];

    /// <summary>Gets the epochs of the fixes during training, ascending.</summary>
    public IReadOnlyList<int> Fixes => [.. Last.Fixed.Select(layer => layer.Epoch).Where(epoch => epoch > 0).Order()];

    public int? FirstFix => Fixes.Count > 0 ? Fixes[0] : null;

    public int? LastFix => Fixes.Count > 0 ? Fixes[^1] : null;

    /// <summary>Gets the seconds over the test set: the median over the epochs behind which the network had its last shape.</summary>
    public double? TestSeconds => Epochs.Where(epoch => epoch.Cut == Last.Cut).Select(epoch => epoch.TestSeconds).Order().ToList()
        is var times ? times[times.Count / 2] : null;

    /// <summary>The seconds of training up to an epoch.</summary>
    public double Seconds(int epoch = int.MaxValue) => Epochs.Take(epoch).Sum(one => one.Seconds);
}
