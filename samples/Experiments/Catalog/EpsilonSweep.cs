using System.Globalization;

namespace EtfNet.Samples;

/// <summary>How early to fix, and as what.</summary>
internal sealed class EpsilonSweep : Experiment
{
    private const string Baseline = "baseline";
    private static readonly double[] s_epsilons = [0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.10, 0.12, 0.15, 0.20];
    private static readonly string[] s_frames = ["aligned", "nearest", "identity"];

    public override string Name => "epsilon-sweep";

    public override string Question => "What do epsilon and the frame at the switch do to accuracy, to what is fixed and to time? (identity by the paper's rule, the others by the default policy)";

    public override IReadOnlyList<ExperimentRun> Runs(Request request)
    {
        var epsilons = request.Pick(s_epsilons, [0.08, 0.15, 0.25], [0.5]);
        return ForSeeds(request.Seeds,
        [
            (Baseline, Settings(new MethodSettings(MethodKind.Watched))),
            .. s_frames.SelectMany(frame => epsilons.Select(epsilon => (Variant(frame, epsilon), Settings(Method(frame, epsilon))))),
        ]);

        Func<int, RunSettings> Settings(MethodSettings method) =>
            seed => new RunSettings { Data = request.AllData, Network = new MlpSettings(request.MainNetwork), Recipe = request.MainRecipe(seed), Method = method };
    }

    public override Showing Show(RunSet runs, Request request) => new(
        [
            ResultTable.Of("Accuracy, switches, time and parameters", runs.Variants,
                Columns.Train, Columns.Test, Columns.Fixed, Columns.FirstFix, Columns.LastFix, Columns.Seconds, Columns.Trainable, Columns.Fewer),
        ],
        [
            ("choose", "Test accuracy, layers fixed and epoch of the last switch over epsilon, mean and spread", ChartImage.Png(
                Chart("Test accuracy", "test accuracy", runs, run => run.Last.TestAccuracy, withBaseline: true),
                Chart("Layers fixed", "layers", runs, run => run.LayersFixed),
                Chart("Last switch", "epoch", runs, run => run.LastFix))),
            ("cost", "Train accuracy and seconds of training over epsilon, mean and spread", ChartImage.Png(
                Chart("Train accuracy", "train accuracy", runs, run => run.Last.TrainAccuracy, withBaseline: true),
                Chart("Time", "seconds of training", runs, run => run.Seconds, withBaseline: true))),
        ]);

    private static Chart Chart(string title, string what, RunSet runs, Func<FinishedRun, double?> value, bool withBaseline = false) =>
        new(title, "epsilon", what, [.. s_frames.Select(frame => Line(frame, runs, value))])
        {
            WholeX = false,
            Levels = withBaseline && Spread.Of(runs.Of(Baseline).Select(value)).Mean is { } mean ? [(mean, Baseline)] : [],
        };

    private static ChartLine Line(string frame, RunSet runs, Func<FinishedRun, double?> value)
    {
        var points = runs.Variants.Where(variant => variant.Variant.StartsWith(frame, StringComparison.Ordinal))
            .Select(variant => (Epsilon: variant.Runs[0].Run.Settings.Method.Epsilon!.Value, Spread: Spread.Of(variant.Runs.Select(value))))
            .Where(point => point.Spread.Mean is not null).OrderBy(point => point.Epsilon).ToList();
        return new ChartLine(frame, [.. points.Select(point => (point.Epsilon, point.Spread.Mean!.Value))])
        {
            Dots = true,
            Spread = [.. points.Select(point => point.Spread.Deviation ?? 0)],
        };
    }

    private static string Variant(string frame, double epsilon) => string.Create(CultureInfo.InvariantCulture, $"{frame}, epsilon {epsilon}");

    private static MethodSettings Method(string frame, double epsilon) => new(MethodKind.Adaptive)
    {
        Epsilon = epsilon,
        Paper = frame == "identity" ? true : null,
        Frame = frame == "aligned" ? "aligned 20" : frame,
    };
}
