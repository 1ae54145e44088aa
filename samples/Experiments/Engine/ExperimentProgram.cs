using System.IO.Enumeration;
using System.Reflection;
using Is = System.ComponentModel.DescriptionAttribute;

namespace EtfNet.Samples;

/// <summary>The options of the program beside those of its runs.</summary>
internal sealed record ExperimentOptions
{
    [Is("less of it, on the embedded data, within minutes")] public bool Quick { get; init; }

    [Is("every part of it once, within seconds")] public bool Smoke { get; init; }

    [Is("by default 0,1,2; with --quick and --smoke 0")] public IReadOnlyList<int>? Seeds { get; init; }

    [Is("only the runs whose key matches one of these, as in baseline-*,wide-s0")] public IReadOnlyList<string> Only { get; init; } = ["*"];

    [Is("trains nothing, shows what is finished")] public bool Render { get; init; }

    [Is("lists the runs' keys and whether they are finished")] public bool List { get; init; }

    [Is($"a page whose part between {ExperimentPage.Begin} and {ExperimentPage.End} is replaced; pictures and CSV files come beside it")]
    public string? Page { get; init; }

    [Is("the page may lose results of runs that are not finished here")] public bool Replace { get; init; }

    [Is("the commit to note with each run; by default the one that was built")] public string? Commit { get; init; } = BuiltCommit;

    [Is("folder for run files, tables and pictures")] public string Out { get; init; } = "out/Experiments";

    [Is("lists the experiments and the options")] public bool Help { get; init; }

    private static string? BuiltCommit => typeof(ExperimentOptions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?
        .InformationalVersion.Split('+') is [_, { Length: >= 12 } commit] ? commit[..12] : null;
}

/// <summary>The command line.</summary>
internal static class ExperimentProgram
{
    /// <param name="args">The command line.</param>
    /// <param name="screen">Where to show progress.</param>
    /// <param name="cancellation">Asks to stop.</param>
    /// <param name="clock">What times are taken from; by default the system's.</param>
    /// <param name="interval">How much time passes between two states of a run on disk at least; by default a minute.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="SampleException">An option, the data or the output folder is wrong.</exception>
    public static int Run(
        string[] args, Screen screen, CancellationToken cancellation, TimeProvider? clock = null, TimeSpan? interval = null)
    {
        var (experiment, request, options, machine) = Read(args);
        if (experiment is null)
            return screen.Show($"""
                Experiments:
                {string.Join('\n', Experiment.Names.Select(name => $"  {name,-24} {Experiment.Load(name).Question}"))}

                Options:
                {Settings.Help(options, machine)}

                Options of all runs:
                {new TrainingRun("", Settings.Parse(request.Basis)).Help}
                """);
        var profile = Request.Profiles[request.Profile] + string.Concat(request.Overrides.Values.Select(one => $"-{one.Key}-{one.Value}"));
        var folder = new OutputFolder(Path.Combine(options.Out, experiment.Name, profile.Replace('/', '_').Replace(':', '_')));
        var files = new RunFiles(new OutputFolder(folder.File("runs")), screen);
        var runs = experiment.Runs(request, files.Find);
        if (!runs.Any(IsChosen))
            throw new SampleException("--only: no run has such a key; --list without --only shows them.");
        if (options.List)
            return screen.Show(string.Join('\n', runs.Where(IsChosen).Select(run =>
                $"{(run.Waits ? "waits" : files.Find(run) is null ? "to run" : "finished"),-10}{run.Key}")));
        if (!options.Render)
        {
            machine.KeepFreedMemory();
            using var engine = new ExperimentEngine(
                experiment, files, machine, options.Commit, screen, clock ?? machine.ToClock(), interval ?? TimeSpan.FromMinutes(1));
            engine.Run(request, IsChosen, cancellation);
            runs = experiment.Runs(request, files.Find);
        }

        var finished = runs.Where(run => !run.Waits).Select(files.Find).OfType<FinishedRun>().ToList();
        if (finished.Count == 0)
            throw new SampleException($"{experiment.Name}: no run is finished, there is nothing to show; run it without --render.");
        var set = new RunSet(experiment, request, finished, runs.Count - finished.Count);
        ExperimentPage.Write(set, folder, $"{experiment.Name}.md", replace: true);
        if (options.Page is { } page)
            ExperimentPage.Write(
                set, new OutputFolder(Path.GetDirectoryName(Path.GetFullPath(page))!), Path.GetFileName(page), options.Replace);
        return screen.Show($"written to {folder.Path}{(options.Page is null ? "" : $" and {options.Page}")}: a page, CSV files and pictures"
            + (set.Missing > 0 ? $"; {set.Missing} of {runs.Count} runs are missing" : ""));

        bool IsChosen(ExperimentRun run) => options.Only.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, run.Key));
    }

    /// <summary>Reads a command line; the experiment is null where help is asked for.</summary>
    /// <exception cref="SampleException">An option is wrong, or no experiment is named.</exception>
    public static (Experiment? Experiment, Request Request, ExperimentOptions Options, Machine Machine) Read(string[] args)
    {
        var given = Settings.Read(args, [typeof(ExperimentOptions), typeof(Machine), .. TrainingRun.Options]);
        var (options, machine) = (given.Bind(new ExperimentOptions()), given.Bind(new Machine()));
        if (options.Quick && options.Smoke)
            throw new SampleException("--quick and --smoke exclude each other; give one of them.");
        var profile = options.Smoke ? 2 : options.Quick ? 1 : 0;
        var seeds = options.Seeds ?? (profile == 0 ? [0, 1, 2] : [0]);
        if (seeds.Any(seed => seed < 0) || seeds.Distinct().Count() < seeds.Count)
            throw new SampleException("--seeds: give whole numbers such as 0,1,2, each once.");
        var overrides = new Settings(given.Values
            .Where(one => !Settings.Has<ExperimentOptions>(one.Key) && !Settings.Has<Machine>(one.Key)));
        _ = new TrainingRun("", overrides);
        var name = given.Words.Count > 0 ? given.Words[0] : null;
        _ = new Settings([], [.. given.Words.Skip(1)]).WithoutWords();
        return (options.Help ? null : Experiment.Load(name), new Request(profile, seeds, overrides), options, machine);
    }
}
