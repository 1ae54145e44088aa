namespace EtfNet.Samples;

/// <summary>The paper's Figure 1.</summary>
internal sealed class EffectiveDepthExperiment : Experiment
{
    private const string Baseline = "baseline";
    private static readonly string[] s_frames = ["identity", "random"];

    public override string Name => "effective-depth";

    public override string Question => "Which layers can be simplex ETFs from the start? Past the baseline's effective depth nothing should be lost, before it accuracy should fall (arXiv 2412.00884, Figure 1).";

    public override IReadOnlyList<ExperimentRun> Runs(Request request)
    {
        var names = request.MainNetwork.LayerNames;
        var first = request.Pick<IReadOnlyList<int>>([.. Enumerable.Range(1, names.Count)], [1, 2, 4, names.Count], [1, names.Count]);
        return ForSeeds(request.Seeds,
        [
            (Baseline, Settings(new MethodSettings(MethodKind.Watched))),
            .. s_frames.SelectMany(frame => first.Select(layer => (Variant(frame, layer), Settings(new MethodSettings(MethodKind.Watched) { Frame = frame, Layers = [.. names.Skip(layer - 1)] })))),
        ]);

        Func<int, RunSettings> Settings(MethodSettings method) =>
            seed => new RunSettings { Data = request.AllData, Network = new MlpSettings(request.MainNetwork), Recipe = request.MainRecipe(seed), Method = method };
    }

    public override Showing Show(RunSet runs, Request request)
    {
        var names = request.MainNetwork.LayerNames;
        var depth = Spread.Of(runs.Of(Baseline).Select(run => (double?)run.Last.Layers.EffectiveDepth)).Mean;
        return new Showing(
            [
                ResultTable.Of("Layers fixed from a layer on, from the start", runs.Variants,
                    Columns.Train, Columns.Test, ("effective depth at NCC error 0.1", run => run.Last.Layers.EffectiveDepth, "0.#"), Columns.Trainable, Columns.Fewer, Columns.Seconds),
                ResultTable.Of("NCC error of each layer, last epoch", runs.Variants,
                    [.. names.Select(name => (name, (Func<FinishedRun, double?>)(run => run.Last.Layers.NccError.FirstOrDefault(layer => layer.Key == name).Value), "0.000"))]),
            ],
            [
                ("accuracy", "Accuracy by the first layer that is fixed, mean and spread; dashed: the baseline, and its effective depth at an NCC error of 0.1", ChartImage.Png(
                    Accuracy("Test accuracy", runs, names, depth, run => run.Last.TestAccuracy),
                    Accuracy("Train accuracy", runs, names, depth, run => run.Last.TrainAccuracy),
                    Accuracy("Trainable parameters", runs, names, depth, run => run.Last.Footprint.TrainableParameters / 1e6) with { YLabel = "millions" })),
                ("ncc-error", "NCC error of each layer after the last epoch (mean over seeds)", ChartImage.Png(
                    [.. s_frames.Select(frame => Errors(frame, [.. runs.Variants.Where(variant => variant.Variant == Baseline || variant.Variant.StartsWith(frame, StringComparison.Ordinal))], names))])),
            ]);
    }

    private static string Variant(string frame, int layer) => $"{frame} from layer {layer} on";

    private static Chart Accuracy(string title, RunSet runs, IReadOnlyList<string> names, double? depth, Func<FinishedRun, double?> value) => new(title, "first fixed layer", "accuracy",
        [.. s_frames.Select(frame => Line(frame, runs, names.Count, value))])
    {
        X = (0.5, names.Count + 0.5),
        Levels = Spread.Of(runs.Of(Baseline).Select(value)).Mean is { } mean ? [(mean, Baseline)] : [],
        Places = depth is { } place ? [(place, "effective depth")] : [],
    };

    private static ChartLine Line(string frame, RunSet runs, int layers, Func<FinishedRun, double?> value)
    {
        var points = Enumerable.Range(1, layers).Select(layer => (X: (double)layer, Spread: Spread.Of(runs.Of(Variant(frame, layer)).Select(value)))).Where(point => point.Spread.Mean is not null).ToList();
        return new ChartLine(frame, [.. points.Select(point => (point.X, point.Spread.Mean!.Value))]) { Dots = true, Spread = [.. points.Select(point => point.Spread.Deviation ?? 0)] };
    }

    private static Chart Errors(string frame, IReadOnlyList<(string Variant, IReadOnlyList<FinishedRun> Runs)> variants, IReadOnlyList<string> names) => new($"NCC error: {frame}", "layer", "NCC error",
    [
        .. variants.Select(variant => new ChartLine(variant.Variant,
        [
            .. names.Select((name, i) => (X: i + 1.0, Spread.Of(variant.Runs.Select(run => run.Last.Layers.NccError.FirstOrDefault(layer => layer.Key == name).Value)).Mean))
                .Where(point => point.Mean is not null).Select(point => (point.X, point.Mean!.Value)),
        ]) { Dots = true }),
    ])
    {
        X = (0.5, names.Count + 0.5),
    };
}
