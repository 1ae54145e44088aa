namespace EtfNet.Samples;

/// <summary>One training run of an experiment.</summary>
/// <param name="Variant">What it is, the same for all its seeds.</param>
/// <param name="Line">Its line in pictures over a key.</param>
/// <param name="Seed">Its seed.</param>
/// <param name="Waits">Whether its settings follow from a run that is not finished.</param>
/// <param name="Values">The values of its keys.</param>
/// <param name="Run">What is trained.</param>
internal sealed record ExperimentRun(
    string Variant, string Line, int Seed, bool Waits, IReadOnlyDictionary<string, string> Values, TrainingRun Run)
{
    /// <summary>Gets its name, fit for a file: letters, digits, dots, hyphens.</summary>
    public string Key => $"{Regex.Replace(Variant.ToLowerInvariant(), "[^a-z0-9.]+", "-").Trim('-')}-s{Seed}";
}
