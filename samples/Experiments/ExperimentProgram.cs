using System.CommandLine;
using TorchSharp;

namespace EtfNet.Samples;

/// <summary>The command line.</summary>
internal static class ExperimentProgram
{
    private const string DefaultOut = "out/Experiments";

    public static string DefaultData(Profile profile) => profile == Profile.Full ? FashionMnist.Full : FashionMnist.Embedded;

    /// <param name="args">The command line.</param>
    /// <param name="output">Where to show progress.</param>
    /// <param name="error">Where to say what is wrong.</param>
    /// <param name="clock">What times are taken from; by default the system's.</param>
    /// <param name="interval">How much time passes between two states of a run on disk at least; by default a minute.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string[] args, TextWriter output, TextWriter error, TimeProvider? clock = null, TimeSpan? interval = null)
    {
        var options = new ExperimentOptions(DefaultOut);
        var root = new RootCommand("Runs an experiment, or goes on with it, and writes what it shows.\n\nExperiments:\n"
            + string.Join('\n', Experiments.All.Select(experiment => $"  {experiment.Name,-22}{experiment.Question}")));
        options.AddTo(root);
        root.SetAction(parsed => Run(options, parsed, output, clock ?? TimeProvider.System, interval));
        return SampleHost.Run(root, args, output, error);
    }

    private static int Run(ExperimentOptions options, ParseResult parsed, TextWriter output, TimeProvider clock, TimeSpan? interval)
    {
        var experiment = Experiments.Find(options.Name(parsed));
        var request = options.Request(parsed);
        var runs = experiment.Runs(request);
        var chosen = runs.Where(run => options.Chooses(parsed, run)).ToList();
        if (chosen.Count == 0)
            throw new SampleException("--only: no run has such a key; --list without --only shows them.");

        var folder = OutputFolder.Create(Path.Combine(options.Out(parsed), experiment.Name, FolderName(request)));
        var files = new RunFolder(OutputFolder.Create(Path.Combine(folder.Path, RunFolder.Name)), experiment.Name, output.WriteLine);
        if (options.List(parsed))
        {
            foreach (var run in chosen)
                output.WriteLine($"{(files.Look(run, out var reason) is not null ? "finished" : reason is null ? "to run" : "unusable"),-10}{run.Key}");
            return ExitCode.Success;
        }

        if (!options.RenderOnly(parsed))
            Train(options, parsed, experiment, chosen, files, output, clock, interval);
        Show(experiment, request, runs, files, folder, options.Page(parsed), output);
        return ExitCode.Success;
    }

    private static void Train(
        ExperimentOptions options, ParseResult parsed, Experiment experiment, IReadOnlyList<ExperimentRun> runs, RunFolder files, TextWriter output, TimeProvider clock, TimeSpan? interval)
    {
        using var stop = new StopSignal();
        var recipe = new TrainingRecipe { Threads = options.Threads(parsed), Device = options.Device(parsed) };
        using var executor = new RunExecutor(name => Load(name, output), recipe.Threads, recipe.Device, clock);
        var engine = new ExperimentEngine(experiment, runs, files, executor, (Hardware.Describe(recipe), options.Commit(parsed)), output.WriteLine, clock);
        (interval is { } given ? engine with { Interval = given } : engine).Run(stop.Token);
    }

    private static void Show(Experiment experiment, Request request, IReadOnlyList<ExperimentRun> runs, RunFolder files, OutputFolder folder, string? page, TextWriter output)
    {
        var (finished, missing) = (new List<FinishedRun>(), new List<ExperimentRun>());
        foreach (var run in runs)
        {
            if (files.Look(run, out _) is { } found)
                finished.Add(found);
            else
                missing.Add(run);
        }

        if (missing.Count > 0)
            output.WriteLine($"{missing.Count} of {runs.Count} runs are missing: {string.Join(", ", missing.Select(run => run.Key))}");
        if (finished.Count == 0)
            throw new SampleException($"{experiment.Name}: no run is finished, there is nothing to show; run it without --render.");
        var set = new RunSet(finished, missing);
        ExperimentPage.Write(experiment, request, set, folder, $"{experiment.Name}.md");
        output.WriteLine($"written to {folder.Path}: {experiment.Name}.md, CSV files and pictures");
        if (page is null)
            return;
        ExperimentPage.Write(experiment, request, set, OutputFolder.Create(Path.GetDirectoryName(Path.GetFullPath(page))!), Path.GetFileName(page));
        output.WriteLine($"written to {page}");
    }

    private static string FolderName(Request request)
    {
        var profile = request.Profile.ToString().ToLowerInvariant();
        if (request.Data == DefaultData(request.Profile))
            return profile;
        return $"{profile}-{string.Concat(request.Data.Trim('/', '\\').Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '_'))}";
    }

    /// <exception cref="SampleException">There are no such data.</exception>
    private static ImageData Load(string name, TextWriter output)
    {
        try
        {
            var data = FashionMnist.Load(name);
            output.WriteLine($"data: {data.Description}");
            return data;
        }
        catch (SampleException error) when (name == FashionMnist.Full)
        {
            throw new SampleException($"{error.Message.TrimEnd('.')}, or add --quick, which needs no other data.", error);
        }
    }
}
