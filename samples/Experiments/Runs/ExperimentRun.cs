namespace EtfNet.Samples;

/// <summary>One training run of an experiment.</summary>
/// <param name="Variant">What it is, the same for all its seeds: a row in tables, and the first part of its key.</param>
/// <param name="Seed">Its seed.</param>
/// <param name="Settings">What decides what comes out of it.</param>
internal sealed record ExperimentRun(string Variant, int Seed, RunSettings Settings)
{
    /// <summary>Gets its name, fit for a file: letters, digits, dots, hyphens.</summary>
    public string Key => $"{Slug(Variant)}-s{Seed}";

    private static string Slug(string text) =>
        string.Join('-', string.Concat(text.ToLowerInvariant().Select(letter => char.IsAsciiLetterOrDigit(letter) || letter == '.' ? letter : ' ')).Split(' ', StringSplitOptions.RemoveEmptyEntries));
}

/// <summary>A run that is finished, or as far as it is.</summary>
internal sealed record FinishedRun(ExperimentRun Run, RunRecord Record)
{
    public EpochResult Last => Record.Epochs[^1];

    public int LayersFixed => Last.Layers.Fixed.Count;

    /// <summary>Gets the epoch of the first switch during training; null for none.</summary>
    public int? FirstFix => Switches.Count > 0 ? Switches.Min() : null;

    public int? LastFix => Switches.Count > 0 ? Switches.Max() : null;

    public double Seconds => Record.Epochs.Sum(epoch => epoch.Seconds);

    private IReadOnlyList<int> Switches => [.. Last.Layers.Fixed.Select(layer => layer.Epoch).Where(epoch => epoch > 0)];
}

/// <summary>What an experiment has to show: its finished runs in their order, and those that are missing.</summary>
internal sealed record RunSet(IReadOnlyList<FinishedRun> Finished, IReadOnlyList<ExperimentRun> Missing)
{
    /// <summary>Gets the finished runs of each variant, in the experiment's order of variants.</summary>
    public IReadOnlyList<(string Variant, IReadOnlyList<FinishedRun> Runs)> Variants =>
        [.. Finished.GroupBy(run => run.Run.Variant).Select(group => (group.Key, (IReadOnlyList<FinishedRun>)[.. group.OrderBy(run => run.Run.Seed)]))];

    public IReadOnlyList<FinishedRun> Of(string variant) => Variants.FirstOrDefault(entry => entry.Variant == variant).Runs ?? [];

    /// <summary>Gets the seeds done, ascending.</summary>
    public IReadOnlyList<int> Seeds => [.. Finished.Select(run => run.Run.Seed).Distinct().Order()];
}
