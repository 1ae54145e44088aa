namespace EtfNet.Samples;

/// <summary>Trains networks one after the other, shows them side by side, and keeps summary.json, history.csv and two pictures.</summary>
public sealed class Comparison(DataSet data, Machine machine, OutputFolder folder, Screen screen, CancellationToken cancellation)
{
    private const string SummaryFile = "summary.json";

    /// <summary>Epochs of equal work whose times differ by more than this factor were disturbed.</summary>
    private const double Disturbed = 1.5;

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        // A training may diverge.
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        WriteIndented = true,
    };

    private static readonly (string Label, Func<IReadOnlyList<EpochResult>, string> Value)[] s_rows =
    [
        ("train accuracy", epochs => $"{epochs[^1].TrainAccuracy:0.00%}"),
        ("test accuracy", epochs => $"{epochs[^1].TestAccuracy:0.00%}"),
        // The input of a head is measured too, where no layer's own output is that.
        ("layers fixed", epochs => $"{epochs[^1].Fixed.Count} of {epochs[^1].Layers.Count(layer => !layer.Name.EndsWith(".input"))}"),
        ("trainable parameters", epochs => $"{epochs[^1].Footprint.TrainableParameters:N0}"),
        ("weight bytes", epochs => $"{epochs[^1].Footprint.WeightBytes:N0}"),
        ("gradient bytes", epochs => $"{epochs[^1].Footprint.GradientBytes:N0}"),
        ("optimizer bytes", epochs => $"{epochs[^1].Footprint.OptimizerBytes:N0}"),
        ("s per epoch before the first fix", epochs => Median(epochs, epoch => epoch.Fixed.All(layer => layer.Epoch == epoch.Epoch))),
        ("s per epoch after the last fix", epochs => Median(epochs, epoch => epochs[^1].Fixed.All(one => one.Epoch < epoch.Epoch))),
        ("seconds of training", epochs => $"{epochs.Sum(epoch => epoch.Seconds):0.0}"),
        ("effective depth", epochs => epochs[^1].EffectiveDepth is { } depth ? $"{depth}" : "none"),
    ];

    private readonly List<(string Name, IReadOnlyList<EpochResult> Epochs)> _runs = [];

    /// <summary>A whole program: a baseline, Adaptive-ETF and, trained from scratch, a network as shallow as the baseline's effective
    /// depth; or one network, where <c>--method</c> says what is done with its layers.</summary>
    /// <param name="name">The program's name, and that of its folder.</param>
    /// <param name="defaults">What is set where an option is not given.</param>
    /// <param name="args">The command line.</param>
    /// <param name="screen">Where to show it.</param>
    /// <param name="cancellation">Asks to stop.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="SampleException">An option, the data or the output folder is wrong.</exception>
    public static int Run(string name, string defaults, string[] args, Screen screen, CancellationToken cancellation)
    {
        var given = Settings.Read(args, [typeof(ProgramOptions), typeof(Machine), .. TrainingRun.Options]).WithoutWords();
        var (options, machine) = (given.Bind(new ProgramOptions()), given.Bind(new Machine()));
        var settings = Settings.Parse(defaults).With(given);
        var isOne = given.Values.ContainsKey("method");
        var first = new TrainingRun(given.Values.GetValueOrDefault("method", "baseline"), settings);
        if (options.Help)
            return screen.Show($"Options of {name}:\n{Settings.Help(options, machine)}\n{first.Help}");
        var folder = options.Out is null ? OutputFolder.New($"out/{name}") : new OutputFolder(options.Out);
        if (File.Exists(folder.File(SummaryFile)))
            screen.Line($"{folder.Path} holds an earlier run: its files are replaced.");
        machine.KeepFreedMemory();
        using var data = DataSet.Load(first.Data, first.Recipe.Seed, machine.ToDevice());
        var adaptive = new TrainingRun("Adaptive-ETF", settings.With(Settings.Parse("method=adaptive")));
        foreach (var run in isOne ? [first] : new[] { first, adaptive })
            new Trainer(run, data, machine, machine.ToClock()).Dispose();
        screen.Show($"data      {data}\nhardware  {machine}\ntraining  {first.Recipe}, seed {first.Recipe.Seed}\noutput    {folder.Path}");
        var comparison = new Comparison(data, machine, folder, options.Quiet ? Screen.Silent : screen, cancellation);
        var baseline = comparison.Train(first);
        if (isOne)
            return comparison.Show(screen);
        comparison.Train(adaptive);
        if (baseline.ShallowLayers() is { } layers && layers < first.Network.ActualLayers)
            comparison.Train(new TrainingRun($"depth {layers} only", settings.With(Settings.Parse($"layers={layers}"))));
        else
            screen.Line("\nno layer lies past an effective depth: there is no shallower network to compare with.");
        return comparison.Show(screen);
    }

    /// <summary>Trains a network and shows each epoch. The files are written anew after each, so that a stopped program has kept what it
    /// finished.</summary>
    /// <returns>The last epoch.</returns>
    private EpochResult Train(TrainingRun run)
    {
        screen.Begin($"\n{run}");
        using var trainer = new Trainer(run, data, machine, machine.ToClock());
        var epochs = new List<EpochResult>();
        _runs.Add((run.Name, epochs));
        while (trainer.FinishedEpochs < run.Recipe.Epochs)
        {
            epochs.Add(trainer.NextEpoch(share => screen.Progress(run.Name, share), cancellation));
            screen.Epoch(epochs[^1], run.Recipe.Epochs);
            Write(run.Etf.Epsilon);
        }

        return epochs[^1];
    }

    /// <summary>Shows the runs side by side, the first as the one to compare with, and says where the files are.</summary>
    private int Show(Screen screen)
    {
        screen.Show("\n" + Tables.Markdown(["", .. _runs.Select(run => run.Name)],
            s_rows.Select(row => (IReadOnlyList<string>)[row.Label, .. _runs.Select(run => row.Value(run.Epochs))])));
        foreach (var (name, epochs) in _runs)
            if (epochs.Skip(1).GroupBy(epoch => epoch.Fixed.Count).Where(equal => equal.Count() > 2)
                .Any(equal => equal.Max(epoch => epoch.Seconds) > Disturbed * equal.Min(epoch => epoch.Seconds)))
                screen.Line($"caution: equal epochs of {name} differ much in time; the machine was busy, and ratios of times say little.");
        return screen.Show($"written to {folder.Path}: {SummaryFile}, history.csv, ncc-error.png, accuracy.png");
    }

    private void Write(double epsilon)
    {
        var runs = _runs.Select(run => new { run.Name, Last = run.Epochs[^1], SecondsPerEpoch = run.Epochs.Select(one => one.Seconds) });
        folder.Write(SummaryFile, JsonSerializer.Serialize(new { Data = $"{data}", Hardware = $"{machine}", Runs = runs }, s_json));
        folder.Write("history.csv", Tables.History(_runs));
        folder.Write("ncc-error.png", Chart.Png(Chart.NccErrors(_runs, epsilon)));
        folder.Write("accuracy.png", Chart.Png(Chart.Accuracies(_runs)));
    }

    /// <summary>The median: a busy machine delays single epochs.</summary>
    private static string Median(IReadOnlyList<EpochResult> epochs, Func<EpochResult, bool> chooses)
    {
        var sorted = epochs.Where(chooses).Select(epoch => epoch.Seconds).Order().ToArray();
        return sorted.Length == 0 ? "-" : $"{(sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2:0.00}";
    }
}
