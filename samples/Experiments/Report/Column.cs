using Value = System.Func<EtfNet.Samples.RunSet, EtfNet.Samples.FinishedRun, EtfNet.Samples.EpochResult, double?>;

namespace EtfNet.Samples;

/// <summary>A number of a run after an epoch: in tables the last one.</summary>
/// <param name="Heading">Its heading.</param>
/// <param name="Format">How it is written; with % at its end, of a fraction.</param>
/// <param name="Of">The number; null: there is none.</param>
internal sealed record Column(string Heading, string Format, Value Of)
{
    /// <summary>A test accuracy counts as reached when it is within this of the baseline's.</summary>
    private const double Near = 0.002;

    /// <summary>A network that fits fewer of its random labels has not memorized them.</summary>
    private const double Memorized = 0.9;

    private static readonly Dictionary<string, Column> s_all = new()
    {
        ["train"] = new("train %", "0.00%", (_, _, epoch) => epoch.TrainAccuracy),
        ["test"] = new("test %", "0.00%", (_, _, epoch) => epoch.TestAccuracy),
        ["train-loss"] = new("train loss", "0.000", (_, _, epoch) => epoch.TrainLoss),
        ["test-loss"] = new("test loss", "0.000", (_, _, epoch) => epoch.TestLoss),
        ["points"] = new("test points above baseline", "0.00", (all, run, epoch) => 100 * (epoch.TestAccuracy - all.BaselineTest(run))),
        ["fixed"] = new("layers fixed", "0.#", (_, _, epoch) => epoch.Fixed.Count),
        ["first-fix"] = new("first fix", "0.#", (_, run, _) => run.FirstFix),
        ["last-fix"] = new("last fix", "0.#", (_, run, _) => run.LastFix),
        ["train-at-fix"] = new("train % at the first fix", "0.00%", (all, run, _) => all.TrainAccuracyAtFirstFix(run)),
        ["too-early"] = new("fired below 90%", "0.##", (all, run, _) =>
            run.Run.Run.Data.LabelNoise < 1 ? null : all.TrainAccuracyAtFirstFix(run) < Memorized ? 1 : 0),
        ["depth"] = new("effective depth", "0.#", (_, _, epoch) => epoch.EffectiveDepth),
        ["output-error"] = new("output error", "0.000", (_, _, epoch) => epoch.Fixed.Average(layer => layer.OutputError)),
        ["rank"] = new("greatest rank", "0.#", (_, _, epoch) => epoch.Fixed.Max(layer => layer.Rank)),
        ["cut"] = new("cut behind epoch", "0.#", (_, run, _) => run.Last.Cut?.Epoch),
        ["inference"] = new("seconds over the test set", "0.000", (_, run, _) => run.TestSeconds),
        ["inference-times"] = new(
            "inference, of the baseline's", "0.000", (all, run, _) => run.TestSeconds / all.BaselineOf(run)?.TestSeconds),
        ["trainable"] = new("trainable parameters", "#,0", (_, _, epoch) => epoch.Footprint.TrainableParameters),
        ["fewer"] = new("fewer trainable %", "0.0%", (all, run, epoch) =>
            1 - (epoch.Footprint.TrainableParameters / (double)Parameters(all.BaselineOf(run)?.Last ?? epoch))),
        ["summed"] = new("trainable over all epochs %", "0.0%", (_, run, _) => run.TrainedShare()),
        ["megabytes"] = new("MB in all", "0.0", (_, _, epoch) => epoch.Footprint.TotalBytes / 1e6),
        ["seconds"] = new("seconds of training", "0.0", (_, run, epoch) => run.Seconds(epoch.Epoch)),
        ["times"] = new("time, of the baseline's", "0.000", (all, run, epoch) => run.Seconds(epoch.Epoch) / all.BaselineOf(run)?.Seconds()),
        ["to-baseline"] = new("seconds to the baseline's accuracy", "0.0", (all, run, _) => SecondsTo(run, all.BaselineTest(run))),
        ["to-near-baseline"] = new("to 0.2 points below", "0.0", (all, run, _) => SecondsTo(run, all.BaselineTest(run) - Near)),
        ["first-step"] = new("ms per step, first epoch", "0.00", (_, run, _) => StepTime(run, run.Epochs[0])),
        ["step"] = new("ms per step", "0.00", (_, run, epoch) => StepTime(run, epoch)),
    };

    /// <summary>Gets what a number is multiplied by.</summary>
    public double Factor => Format.EndsWith('%') ? 100 : 1;

    /// <summary>The column of a name; one with a colon is a measure of a layer, such as <c>head: nc1</c>; <c>test@fix</c> is how far it is
    /// above the baseline's right after the first fix, <c>test@fix+3</c> three epochs later.</summary>
    /// <exception cref="SampleException">There is none of that name.</exception>
    public static Column Find(string name) => s_all.TryGetValue(name, out var column) ? column
        : Regex.Match(name, @"^(.+)@fix(?:\+(\d+))?$") is { Success: true } match
            ? Find(match.Groups[1].Value).AboveBaselineAtFix(match.Groups[2].Value is var later and not "" ? int.Parse(later) : 0)
        : name.Contains(':', StringComparison.Ordinal) ? new Column(name, "0.000", (_, _, epoch) =>
            epoch.Measures?.TryGetValue(name, out var value) == true ? value : null)
        : throw new SampleException(
            $"there is no column {name}{Settings.DidYouMean(name, s_all.Keys)}; give {string.Join(", ", s_all.Keys)}.");

    /// <summary>The mean over runs of several seeds, and the standard deviation of the sample; null where a number is missing.</summary>
    public (double? Mean, double Deviation) Spread(RunSet all, IReadOnlyList<FinishedRun> seeds)
    {
        var numbers = seeds.Select(run => Of(all, run, run.Last)).ToList();
        if (numbers.Contains(null))
            return (null, 0);
        var squares = numbers.Sum(number => Math.Pow((number - numbers.Average())!.Value, 2));
        return (numbers.Average(), numbers.Count < 2 ? 0 : Math.Sqrt(squares / (numbers.Count - 1)));
    }

    /// <summary>The same as text; a dash where a number is missing.</summary>
    public string Text(RunSet all, IReadOnlyList<FinishedRun> seeds)
    {
        var (mean, deviation) = Spread(all, seeds);
        if (mean is not { } number)
            return "-";
        // Equal numbers may differ in their last bits.
        return Number(number) + (Number(deviation).AsSpan().ContainsAnyInRange('1', '9') ? $" ± {Number(deviation)}" : "");

        string Number(double value) => (Factor * value).ToString(Format.TrimEnd('%'));
    }

    private Column AboveBaselineAtFix(int later) =>
        new($"{Heading} above baseline, {later switch { 0 => "right after the fix", 1 => "an epoch later", _ => $"{later} epochs later" }}",
            Format, (all, run, _) => run.FirstFix + later - 1 is { } at && all.BaselineOf(run) is { } baseline
                && at < Math.Min(run.Epochs.Count, baseline.Epochs.Count)
                ? Of(all, run, run.Epochs[at]) - Of(all, baseline, baseline.Epochs[at]) : null);

    private static long Parameters(EpochResult epoch) => epoch.Footprint.TrainableParameters + epoch.Footprint.FixedParameters;

    private static double? SecondsTo(FinishedRun run, double? accuracy) =>
        run.Epochs.FirstOrDefault(epoch => epoch.TestAccuracy >= accuracy) is { } reached ? run.Seconds(reached.Epoch) : null;

    private static double StepTime(FinishedRun run, EpochResult epoch) =>
        1000 * epoch.Seconds / Math.Ceiling((double)run.Record.Samples / run.Run.Run.Recipe.BatchSize);
}
