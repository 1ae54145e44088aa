namespace EtfNet.Samples;

/// <summary>All experiments.</summary>
internal static class Experiments
{
    public static IReadOnlyList<Experiment> All { get; } =
    [
        new SpeedExperiment(),
        new EpsilonSweep(),
        new AdaptiveExperiment(),
        new RankSweep(),
        new EffectiveDepthExperiment(),
        new LabelNoiseExperiment(),
        new EtfTransformerExperiment(),
        new ModeCollapseExperiment(),
        new EarlyRegularizationExperiment(),
    ];

    /// <exception cref="SampleException">There is none of that name.</exception>
    public static Experiment Find(string? name) => All.FirstOrDefault(experiment => experiment.Name == name)
        ?? throw new SampleException($"{(name is null ? "no experiment is named" : $"there is no experiment {name}")}; give one of {string.Join(", ", All.Select(experiment => experiment.Name))}.");
}
