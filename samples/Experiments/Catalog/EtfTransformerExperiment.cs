namespace EtfNet.Samples;

/// <summary>The paper's Table 2.</summary>
internal sealed class EtfTransformerExperiment : Experiment
{
    public override string Name => "etf-transformer";

    public override string Question => "What does a vision transformer lose whose feedforwards are simplex ETFs from the start, or become so during training (arXiv 2412.00884, Table 2)?";

    public override IReadOnlyList<ExperimentRun> Runs(Request request)
    {
        var (learned, recipe) = request.Pick(
            (new VitSettings(4, 64, 4, 3, 4, true), PatchedImages.Recipe with { Epochs = 40, WarmupEpochs = 2, Mirror = true }),
            (new VitSettings(7, 32, 4, 2, 4, true), PatchedImages.Recipe with { Epochs = 4 }),
            (new VitSettings(14, 16, 2, 1, 2, true), PatchedImages.Recipe with { Epochs = 2 }));
        var etf = learned with { Learned = false };
        var watched = new MethodSettings(MethodKind.Watched) { Feedforwards = true };
        return ForSeeds(request.Seeds,
        [
            ("learned", Settings(learned, watched)),
            ("ETF-Transformer", Settings(etf, watched)),
            ("ETF-Transformer, twice as wide feedforwards", Settings(etf with { Ratio = 2 * etf.Ratio }, watched)),
            ("adaptive: learned, fixed after some epochs", Settings(learned, new MethodSettings(MethodKind.Adaptive)
            {
                Feedforwards = true,
                Epsilon = request.Pick(0.45, 0.3, 0.8),
                Warmup = request.Pick(12, 2, 1),
                Frame = "nearest columns",
                MaxOutputError = 0.9,
            })),
        ]);

        Func<int, RunSettings> Settings(VitSettings network, MethodSettings method) =>
            seed => new RunSettings { Data = request.AllData, Network = network, Recipe = recipe with { Seed = seed }, Method = method };
    }

    public override Showing Show(RunSet runs, Request request)
    {
        var table = ResultTable.Of("Accuracy and parameters; the paper's numbers beside ours", runs.Variants, Columns.Train, Columns.Test, Columns.Fixed, Columns.LastFix, Columns.Trainable, Columns.Seconds);
        var first = runs.Variants.Select(variant => (variant.Variant, variant.Runs[0].Record.Epochs)).ToList();
        return new Showing(
            [table with { Rows = [.. table.Rows, Paper("the paper's baseline", "93.91", ""), Paper("the paper's ETF-Transformer", "93.23", "89.78")] }],
            [("accuracy", "Train and test accuracy over epochs (first seed)", ChartImage.Png(Pictures.Accuracies(first)))]);

        IReadOnlyList<string> Paper(string name, string train, string test) => [name, "", train, test, .. Enumerable.Repeat("", table.Columns.Count - 4)];
    }
}
