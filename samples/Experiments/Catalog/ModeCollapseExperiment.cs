namespace EtfNet.Samples;

/// <summary>Whether classes fall together in heavily constrained networks (the paper's first open question).</summary>
internal sealed class ModeCollapseExperiment : Experiment
{
    public override string Name => "mode-collapse";

    public override string Question => "Do class means fall together in the last layers of heavily constrained networks, unlike in free ones (arXiv 2412.00884, open question 1)?";

    public override IReadOnlyList<ExperimentRun> Runs(Request request)
    {
        var names = request.MainNetwork.LayerNames;
        var watched = new MethodSettings(MethodKind.Watched);
        var adaptive = new MethodSettings(MethodKind.Adaptive) { Epsilon = 0.1 };
        (string Name, MethodSettings Method)[] variants =
        [
            ("free", watched),
            ("identity from layer 2 on", watched with { Frame = "identity", Layers = [.. names.Skip(1)] }),
            ("adaptive, epsilon 0.1", adaptive),
            ("identity from layer 4 on", watched with { Frame = "identity", Layers = [.. names.Skip(3)] }),
            ("random from layer 2 on", watched with { Frame = "random", Layers = [.. names.Skip(1)] }),
            ("adaptive, epsilon 0.2, wider limits", adaptive with { Epsilon = 0.2, MaxOutputError = 0.7, MaxErrorRise = 0.12 }),
            ("the paper's switch, epsilon 0.1", adaptive with { Paper = true }),
        ];
        return ForSeeds(request.Seeds, [.. variants.Take(request.Pick(int.MaxValue, 4, 2)).Select(variant => (variant.Name, Settings(variant.Method)))]);

        Func<int, RunSettings> Settings(MethodSettings method) => seed => new RunSettings
        {
            Data = request.AllData,
            Network = new MlpSettings(request.MainNetwork),
            Recipe = request.MainRecipe(seed),
            Method = method,
            Geometry = true,
        };
    }

    public override Showing Show(RunSet runs, Request request)
    {
        var names = request.MainNetwork.LayerNames;
        var shown = names.TakeLast(3).ToList();
        var last = names[^2];
        return new Showing(
            [
                ResultTable.Of("Accuracy", runs.Variants, Columns.Train, Columns.Test, Columns.Fixed, Columns.LastFix, Columns.Trainable),
                .. shown.Select(layer => ResultTable.Of($"Class means of {layer} after the last epoch (a simplex ETF of 10 classes: all cosines -0.111, effective rank 9)", runs.Variants,
                    Of(layer, "least cosine", entry => entry.SmallestCosine), Of(layer, "mean cosine", entry => entry.MeanCosine), Of(layer, "greatest cosine", entry => entry.LargestCosine),
                    Of(layer, "effective rank", entry => entry.EffectiveRank, "0.00"), Of(layer, "NC1", entry => entry.Nc1), Of(layer, "NC2: norms", entry => entry.Equinorm),
                    Of(layer, "NC2: angles", entry => entry.Equiangularity), Of(layer, "NC3", entry => entry.SelfDuality))),
            ],
            [
                ("means", $"Class means of {last} over epochs (first seed)", ChartImage.Png(
                    Chart(runs, last, "Greatest cosine of two class means", entry => entry.LargestCosine), Chart(runs, last, "Effective rank of the class means", entry => entry.EffectiveRank))),
                ("collapse", $"NC1 and NC2 of {last}, NC3 of the head over epochs (first seed)", ChartImage.Png(
                    Chart(runs, last, "NC1", entry => entry.Nc1), Chart(runs, last, "NC2: angles", entry => entry.Equiangularity), Chart(runs, names[^1], "NC3", entry => entry.SelfDuality))),
            ]);
    }

    private static (string Heading, Func<FinishedRun, double?> Value, string Format) Of(string layer, string heading, Func<LayerGeometry, double?> value, string format = "0.000") =>
        (heading, run => At(run.Last, layer, value), format);

    private static double? At(EpochResult epoch, string layer, Func<LayerGeometry, double?> value) => epoch.Geometry?.FirstOrDefault(entry => entry.Layer == layer) is { } found ? value(found) : null;

    private static Chart Chart(RunSet runs, string layer, string what, Func<LayerGeometry, double?> value) => new($"{what}: {layer}", "epoch", what,
        [.. runs.Variants.Select(variant => Pictures.Line(variant.Variant, variant.Runs[0].Record.Epochs, epoch => At(epoch, layer, value)))]);
}
