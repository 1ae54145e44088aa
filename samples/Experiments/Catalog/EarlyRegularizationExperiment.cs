namespace EtfNet.Samples;

/// <summary>Whether early layers gain by being fixed for a while (the paper's third open question).</summary>
internal sealed class EarlyRegularizationExperiment : Experiment
{
    public override string Name => "early-regularization";

    public override string Question => "Does test accuracy gain when early layers hold a frame for part or all of training (arXiv 2412.00884, open question 3)?";

    public override IReadOnlyList<ExperimentRun> Runs(Request request)
    {
        var all = request.AllData.TrainSamples ?? request.Pick(60_000, 10_000, 1000);
        var sizes = request.Pick<(string Name, int? Images, int Epochs)[]>(
            [("all data", null, 21), ("10% of the data", all / 10, 60)], [("all data", null, 9), ("10% of the data", all / 10, 18)], [("all data", null, 3)]);
        var frozen = request.Pick<(string Frame, string[] Layers)[]>(
            [("random", ["linear2", "linear3"]), ("identity", ["linear2", "linear3"]), ("random", ["linear1", "linear2", "linear3"])],
            [("random", ["linear2", "linear3"]), ("identity", ["linear2", "linear3"])],
            [("random", ["linear2"])]);
        var parts = request.Pick<(string Name, double? Part)[]>(
            [("a third", 1.0 / 3), ("two thirds", 2.0 / 3), ("all", null)], [("a third", 1.0 / 3), ("all", null)], [("a third", 1.0 / 3)]);
        return ForSeeds(request.Seeds, [.. sizes.SelectMany(size => Variants(size.Name, size.Images, size.Epochs))]);

        IEnumerable<(string, Func<int, RunSettings>)> Variants(string size, int? images, int epochs) =>
        [
            ($"{size}: baseline", Settings(images, epochs, new MethodSettings(MethodKind.Watched))),
            .. frozen.SelectMany(choice => parts.Select(part => ($"{size}: {choice.Frame} in {string.Join(", ", choice.Layers)} for {part.Name} of training", Settings(images, epochs, new MethodSettings(MethodKind.Frozen)
            {
                Frame = choice.Frame,
                Layers = choice.Layers,
                FrozenEpochs = part.Part is { } share ? (int)Math.Round(share * epochs) : null,
            })))),
        ];

        Func<int, RunSettings> Settings(int? images, int epochs, MethodSettings method) => seed => new RunSettings
        {
            Data = request.AllData with { TrainSamples = images ?? request.AllData.TrainSamples },
            Network = new MlpSettings(request.MainNetwork),
            Recipe = Request.Sgd(epochs, seed),
            Method = method,
        };
    }

    public override Showing Show(RunSet runs, Request request) => new(
        [
            ResultTable.Of("Accuracy, beside the baseline of the same seed and data", runs.Variants,
                Columns.Train, Columns.Test, ("test points above baseline", run => Beside(runs, run), "0.00"), Columns.Trainable),
        ],
        [
            .. runs.Variants.GroupBy(variant => variant.Variant.Split(':')[0]).Select((size, i) => ($"accuracy-{i + 1}", $"Test accuracy over epochs, {size.Key} (first seed)", ChartImage.Png(
                new Chart($"Test accuracy: {size.Key}", "epoch", "test accuracy", [.. size.Select(variant => Pictures.Line(variant.Variant.Split(": ")[1], variant.Runs[0].Record.Epochs, epoch => epoch.TestAccuracy))])))),
        ]);

    private static double? Beside(RunSet runs, FinishedRun run) =>
        runs.Of($"{run.Run.Variant.Split(':')[0]}: baseline").FirstOrDefault(other => other.Run.Seed == run.Run.Seed) is { } baseline ? 100 * (run.Last.TestAccuracy - baseline.Last.TestAccuracy) : null;
}
