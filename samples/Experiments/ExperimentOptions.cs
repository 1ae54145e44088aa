namespace EtfNet.Samples;

/// <summary>The options of the program beside those of its runs.</summary>
internal sealed record ExperimentOptions
{
    [Is("less of it, on the embedded data, within minutes")] public bool Quick { get; init; }

    [Is("every part of it once, within seconds")] public bool Smoke { get; init; }

    [Is("by default 0,1,2; with --quick and --smoke 0")]
    public IReadOnlyList<int>? Seeds
    {
        get;
        init => field = Check.That(value, value is null || (value.All(seed => seed >= 0) && value.Distinct().Count() == value.Count),
            "give whole numbers such as 0,1,2, each once");
    }

    [Is("only the runs whose key matches one of these, as in baseline-*,wide-s0")] public IReadOnlyList<string> Only { get; init; } = ["*"];

    [Is("trains nothing, shows what is finished")] public bool Render { get; init; }

    [Is("lists the runs' keys and whether they are finished")] public bool List { get; init; }

    [Is($"a page whose part between {ExperimentPage.Begin} and {ExperimentPage.End} is replaced; pictures and CSV files come beside it")]
    public string? Page { get; init; }

    [Is("the page may lose results of runs that are not finished here")] public bool Replace { get; init; }

    [Is("the commit to note with each run; by default the one that was built")] public string? Commit { get; init; } = BuiltCommit;

    [Is("folder for run files, tables and pictures")] public string Out { get; init; } = "out/Experiments";

    [Is("lists the experiments and the options")] public bool Help { get; init; }

    /// <summary>Gets how much of an experiment is asked for.</summary>
    /// <exception cref="SampleException">Two answers are given.</exception>
    public int Profile => Quick && Smoke ? throw new SampleException("--quick and --smoke exclude each other; give one of them.")
        : Smoke ? 2 : Quick ? 1 : 0;

    private static string? BuiltCommit => typeof(ExperimentOptions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?
        .InformationalVersion.Split('+') is [_, { Length: >= 12 } commit] ? commit[..12] : null;

    public bool Chooses(ExperimentRun run) => Only.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, run.Key));
}
