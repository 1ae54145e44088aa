namespace EtfNet.Samples;

/// <summary>Wall time of a wide and deep network, plain beside Adaptive-ETF, in alternated order.</summary>
internal sealed class SpeedExperiment : Experiment
{
    private const string Baseline = "baseline";

    /// <summary>A test accuracy counts as reached when it is within this of the baseline's at its end.</summary>
    private const double Near = 0.002;

    public override string Name => "speed";

    public override string Question => "How much sooner does training end, and reach the baseline's accuracy, when layers are fixed early?";

    public override bool Resumes => false;

    public override IReadOnlyList<ExperimentRun> Runs(Request request)
    {
        var network = new MlpSettings(request.Pick(new Mlp(1024, 10), new Mlp(256, 6), new Mlp(24, 3)));
        var variants = Variants(network.Shape).Take(request.Pick(int.MaxValue, int.MaxValue, 3))
            .Select(variant => (variant.Name, (Func<int, RunSettings>)(seed => new RunSettings
            {
                Data = request.AllData,
                Network = network,
                Recipe = request.MainRecipe(seed),
                Method = variant.Method,
            }))).ToList();
        // Whatever grows or shrinks over the hours does so for all of them.
        return [.. request.Seeds.SelectMany((seed, i) => ForSeeds([seed], i % 2 == 0 ? variants : [.. variants.AsEnumerable().Reverse()]))];
    }

    public override Showing Show(RunSet runs, Request request)
    {
        var variants = runs.Variants.OrderBy(variant => variant.Variant == Baseline ? 0 : 1).ToList();
        var first = variants.Select(variant => variant.Runs[0]).ToList();
        return new Showing(
            [
                ResultTable.Of("Time and accuracy, beside the baseline of the same seed", variants,
                    Columns.Train, Columns.Test, ("test points above baseline", run => Beside(runs, run, (own, other) => 100 * (own.Last.TestAccuracy - other.Last.TestAccuracy)), "0.00"),
                    Columns.Seconds, ("of the baseline's", run => Beside(runs, run, (own, other) => own.Seconds / other.Seconds), "0.000"),
                    ("seconds to the baseline's accuracy", run => Beside(runs, run, (own, other) => SecondsTo(own, other.Last.TestAccuracy)), "0.0"),
                    ("to 0.2 points below", run => Beside(runs, run, (own, other) => SecondsTo(own, other.Last.TestAccuracy - Near)), "0.0")),
                ResultTable.Of("What was fixed, and what a step takes", variants,
                    Columns.Fixed, Columns.FirstFix, Columns.LastFix, Columns.Fewer,
                    ("ms a step, first epoch", run => StepTime(run, run.Record.Epochs[0]), "0.00"), ("ms a step, last epoch", run => StepTime(run, run.Last), "0.00"),
                    ("MB in all at the end", run => run.Last.Footprint.TotalBytes / 1e6, "0.0")),
            ],
            [
                ("time", "Test accuracy over seconds of training; time of a step and bytes of weights, gradients and optimizer over epochs (first seed)", ChartImage.Png(
                    new Chart("Test accuracy over time", "seconds of training", "test accuracy", [.. first.Select(run => new ChartLine(run.Run.Variant, OverTime(run)))]) { WholeX = false },
                    new Chart("Time of a step", "epoch", "ms", [.. first.Select(run => Pictures.Line(run.Run.Variant, run.Record.Epochs, epoch => StepTime(run, epoch)))]),
                    new Chart("Bytes of weights, gradients, optimizer", "epoch", "MB", [.. first.Select(run => Pictures.Line(run.Run.Variant, run.Record.Epochs, epoch => epoch.Footprint.TotalBytes / 1e6))]))),
            ]);
    }

    private static IEnumerable<(string Name, MethodSettings Method)> Variants(Mlp network)
    {
        // Early, and with limits wider than the defaults; each switch is judged on exact measurements.
        var wide = new MethodSettings(MethodKind.Adaptive) { Epsilon = 0.3, MaxPerEpoch = 4, MaxOutputError = 0.7, MaxErrorRise = 0.12, Exact = true };
        yield return (Baseline, new MethodSettings(MethodKind.Plain));
        yield return ("default limits", new MethodSettings(MethodKind.Adaptive) { Epsilon = 0.2 });
        yield return ("wide, exact", wide);
        yield return ("open, exact", wide with { MaxOutputError = 1, MaxErrorRise = 0.25 });
        yield return ("identity from layer 4 on, from the start", new MethodSettings(MethodKind.Plain) { Frame = "identity", Layers = [.. network.LayerNames.Skip(3)] });
    }

    private static double? Beside(RunSet runs, FinishedRun run, Func<FinishedRun, FinishedRun, double?> compare) =>
        runs.Of(Baseline).FirstOrDefault(other => other.Run.Seed == run.Run.Seed) is { } baseline ? compare(run, baseline) : null;

    private static double? SecondsTo(FinishedRun run, double accuracy)
    {
        var reached = run.Record.Epochs.FirstOrDefault(epoch => epoch.TestAccuracy >= accuracy);
        return reached is null ? null : run.Record.Epochs.Take(reached.Epoch).Sum(epoch => epoch.Seconds);
    }

    private static double StepTime(FinishedRun run, EpochResult epoch) => 1000 * epoch.Seconds / run.Record.Steps;

    private static IReadOnlyList<(double, double)> OverTime(FinishedRun run)
    {
        var seconds = 0.0;
        return [.. run.Record.Epochs.Select(epoch => (seconds += epoch.Seconds, epoch.TestAccuracy))];
    }
}
