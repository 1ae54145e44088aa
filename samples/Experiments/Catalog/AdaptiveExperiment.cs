namespace EtfNet.Samples;

/// <summary>The paper's Figure 2 and Table 1.</summary>
internal sealed class AdaptiveExperiment : Experiment
{
    private const string Baseline = "baseline";

    public override string Name => "adaptive";

    public override string Question => "Does Adaptive-ETF, trained for as long as in the paper (arXiv 2412.00884, Figure 2 and Table 1), keep the baseline's accuracy?";

    public override IReadOnlyList<ExperimentRun> Runs(Request request)
    {
        var (longest, shorter) = request.Pick((300, 60), (30, 12), (4, 2));
        var few = request.Pick(int.MaxValue, 3, 2);
        return [.. ForSeeds(request.Seeds, Variants(shorter)), .. ForSeeds([request.Seeds[0]], Variants(longest))];

        IReadOnlyList<(string, Func<int, RunSettings>)> Variants(int epochs) => [.. Methods().Take(few).Select(method => ($"{method.Name}, {epochs} epochs", Settings(method.Method, epochs)))];

        Func<int, RunSettings> Settings(MethodSettings method, int epochs) => seed => new RunSettings
        {
            Data = request.AllData,
            Network = new MlpSettings(request.MainNetwork),
            Recipe = Request.Sgd(epochs, seed),
            Method = method,
        };
    }

    public override Showing Show(RunSet runs, Request request)
    {
        var table = ResultTable.Of("Accuracy and parameters; the paper's numbers beside ours", runs.Variants,
            Columns.Train, Columns.Test, Columns.Fixed, Columns.FirstFix, Columns.LastFix, Columns.Trainable, Columns.Fewer);
        var longest = runs.Finished.GroupBy(run => run.Record.Epochs.Count).OrderByDescending(group => group.Key).First()
            .Where(run => run.Run.Seed == request.Seeds[0]).Select(run => (run.Run.Variant, run.Record.Epochs)).ToList();
        return new Showing(
            [table with { Rows = [.. table.Rows, ["the paper's Adaptive-ETF, 300 epochs", "", "98.09", "89.38", .. Enumerable.Repeat("", table.Columns.Count - 4)]] }],
            longest.Count == 0 ? [] :
            [
                ("accuracy", "Train and test accuracy over the epochs of the longest runs (first seed)", ChartImage.Png(Pictures.Accuracies(longest))),
                .. longest.Chunk(3).Select((some, i) => ($"ncc-error-{i + 1}", "NCC error of each layer over the epochs of the longest runs (first seed); dots are switches", ChartImage.Png(Pictures.NccError(some, null)))),
            ]);
    }

    private static IEnumerable<(string Name, MethodSettings Method)> Methods()
    {
        var adaptive = new MethodSettings(MethodKind.Adaptive);
        var wide = adaptive with { MaxOutputError = 0.7, MaxErrorRise = 0.12 };
        yield return (Baseline, new MethodSettings(MethodKind.Watched));
        yield return ("epsilon 0.1", adaptive with { Epsilon = 0.1 });
        yield return ("the paper's switch, epsilon 0.1", adaptive with { Epsilon = 0.1, Paper = true });
        yield return ("epsilon 0.1, wider limits", wide with { Epsilon = 0.1 });
        yield return ("epsilon 0.1, open limits", wide with { Epsilon = 0.1, MaxOutputError = 1, MaxErrorRise = 0.25 });
        yield return ("epsilon 0.12, nearest", adaptive with { Epsilon = 0.12, Frame = "nearest" });
        yield return ("epsilon 0.2, wider limits", wide with { Epsilon = 0.2 });
        yield return ("epsilon 0.05, wider limits", wide with { Epsilon = 0.05 });
    }
}
