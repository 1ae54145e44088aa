namespace EtfNet.Samples;

/// <summary>How much of an experiment is asked for.</summary>
/// <param name="Profile">0: all, on the full data; 1: some, on the embedded data within minutes; 2: every part of it once.</param>
/// <param name="Seeds">The seeds, in their order.</param>
/// <param name="Overrides">What is set for all runs.</param>
internal sealed record Request(int Profile, IReadOnlyList<int> Seeds, Settings Overrides)
{
    private static readonly string[] s_basis =
    [
        "data=full width=400 layers=7 epochs=21", "data=embedded width=128 layers=5 epochs=9",
        "data=embedded train-samples=1000 test-samples=500 width=24 layers=3 epochs=3",
    ];

    public static IReadOnlyList<string> Profiles { get; } = ["full", "quick", "smoke"];

    /// <summary>Gets the name of the folder of its files.</summary>
    public string FolderName => (Profiles[Profile] + string.Concat(Overrides.Values.Select(one => $"-{one.Key}-{one.Value}")))
        .Replace('/', '_').Replace(':', '_');

    /// <summary>Gets the main job: its data, network and recipe, or smaller ones.</summary>
    public string Basis => $"epsilon=0.1 {s_basis[Profile]}";
}
