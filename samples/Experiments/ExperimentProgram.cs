namespace EtfNet.Samples;

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
        var folder = new OutputFolder(Path.Combine(options.Out, experiment.Name, request.FolderName));
        var files = new RunFiles(new OutputFolder(folder.File("runs")), screen);
        var runs = experiment.Runs(request, files.Find);
        if (!runs.Any(options.Chooses))
            throw new SampleException("--only: no run has such a key; --list without --only shows them.");
        if (options.List)
            return screen.Show(string.Join('\n', runs.Where(options.Chooses).Select(run =>
                $"{(run.Waits ? "waits" : files.Find(run) is null ? "to run" : "finished"),-10}{run.Key}")));
        if (!options.Render)
        {
            machine.KeepFreedMemory();
            new ExperimentEngine(
                experiment, files, machine, options.Commit, screen, clock ?? machine.ToClock(), interval ?? TimeSpan.FromMinutes(1))
                .Run(request, options.Chooses, cancellation);
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
    }

    /// <summary>Reads a command line; the experiment is null where help is asked for.</summary>
    /// <exception cref="SampleException">An option is wrong, or no experiment is named.</exception>
    public static (Experiment? Experiment, Request Request, ExperimentOptions Options, Machine Machine) Read(string[] args)
    {
        Type[] own = [typeof(ExperimentOptions), typeof(Machine)];
        var given = Settings.Read(args, [.. own, .. TrainingRun.Options]);
        var (options, machine) = (given.Bind(new ExperimentOptions()), given.Bind(new Machine()));
        var request = new Request(options.Profile, options.Seeds ?? (options.Profile == 0 ? [0, 1, 2] : [0]), given.Without(own));
        _ = new TrainingRun("", request.Overrides);
        _ = new Settings([], [.. given.Words.Skip(1)]).WithoutWords();
        return (options.Help ? null : Experiment.Load(given.Words is [var name, ..] ? name : null), request, options, machine);
    }
}
