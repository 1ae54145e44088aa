namespace EtfNet.Samples;

/// <summary>How many directions an aligned frame must keep.</summary>
internal sealed class RankSweep : Experiment
{
    private const string Baseline = "baseline";
    private const string NoLimits = ", no limits";

    public override string Name => "rank-sweep";

    public override string Question => "How many directions must an aligned frame keep, by total energy or by class means, at the default limits on what a switch may cost and without any?";

    public override IReadOnlyList<ExperimentRun> Runs(Request request)
    {
        var epsilon = request.Pick(0.1, 0.2, 0.5);
        var frames = Frames(request).ToList();
        return ForSeeds(request.Seeds,
        [
            (Baseline, Settings(new MethodSettings(MethodKind.Watched))),
            .. frames.Select(frame => (frame.Name, Settings(Method(frame.Frame)))),
            .. frames.Select(frame => (frame.Name + NoLimits, Settings(Method(frame.Frame) with { MaxOutputError = double.PositiveInfinity, MaxErrorRise = double.PositiveInfinity }))),
        ]);

        MethodSettings Method(string frame) => new(MethodKind.Adaptive) { Epsilon = epsilon, Frame = frame };

        Func<int, RunSettings> Settings(MethodSettings method) =>
            seed => new RunSettings { Data = request.AllData, Network = new MlpSettings(request.MainNetwork), Recipe = request.MainRecipe(seed), Method = method };
    }

    public override Showing Show(RunSet runs, Request request)
    {
        (string Heading, Func<FinishedRun, double?> Value, string Format)[] columns =
            [Columns.Train, Columns.Test, Columns.Fixed, Columns.FirstFix, Columns.LastFix, ("output error", OutputError, "0.000"), ("greatest rank", run => run.Last.Layers.Fixed.Max(layer => layer.Rank), "0.#"), Columns.Fewer];
        return new Showing(
            [
                ResultTable.Of("At the default limits", [.. runs.Variants.Where(variant => !variant.Variant.EndsWith(NoLimits, StringComparison.Ordinal))], columns),
                ResultTable.Of("Without limits", [.. runs.Variants.Where(variant => variant.Variant == Baseline || variant.Variant.EndsWith(NoLimits, StringComparison.Ordinal))], columns),
            ],
            [
                ("accuracy", "Test accuracy and layers fixed, mean and spread, for each frame: a rank by total energy, m a rank by class means, e a share of the energy", ChartImage.Png(
                    Chart("Test accuracy", "test accuracy", runs, request, run => run.Last.TestAccuracy),
                    Chart("Layers fixed", "layers", runs, request, run => run.LayersFixed))),
            ]);
    }

    private static Chart Chart(string title, string what, RunSet runs, Request request, Func<FinishedRun, double?> value)
    {
        var frames = Frames(request).Select(frame => frame.Name).ToList();
        return new Chart(title, "frame", what, [Line("default limits", ""), Line("no limits", NoLimits)])
        {
            XNames = [.. frames.Select(frame => frame.Replace("rank ", "", StringComparison.Ordinal).Replace("energy ", "e ", StringComparison.Ordinal).Replace("class means ", "m ", StringComparison.Ordinal))],
            Levels = Spread.Of(runs.Of(Baseline).Select(value)).Mean is > 0 and var mean ? [(mean, Baseline)] : [],
        };

        ChartLine Line(string name, string suffix)
        {
            var points = frames.Select((frame, i) => (X: (double)i, Spread: Spread.Of(runs.Of(frame + suffix).Select(value)))).Where(point => point.Spread.Mean is not null).ToList();
            return new ChartLine(name, [.. points.Select(point => (point.X, point.Spread.Mean!.Value))]) { Dots = true, Spread = [.. points.Select(point => point.Spread.Deviation ?? 0)] };
        }
    }

    private static double? OutputError(FinishedRun run) => run.Last.Layers.Fixed.Count == 0 ? null : run.Last.Layers.Fixed.Average(layer => layer.OutputError);

    private static IEnumerable<(string Name, string Frame)> Frames(Request request)
    {
        foreach (var rank in request.Pick<int[]>([1, 2, 5, 10, 15, 20, 40], [1, 5, 20], [5]))
            yield return ($"rank {rank}", $"aligned {rank}");
        foreach (var rank in request.Pick<int[]>([1, 2, 5, 9], [5], [5]))
            yield return ($"class means {rank}", $"means {rank}");
        foreach (var share in request.Pick<string[]>(["0.9", "0.99"], ["0.99"], ["0.99"]))
            yield return ($"energy {share}", $"energy {share}");
    }
}
