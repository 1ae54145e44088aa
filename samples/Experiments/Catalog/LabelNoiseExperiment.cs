using System.Globalization;

namespace EtfNet.Samples;

/// <summary>When the scheduler fires on labels that mean nothing.</summary>
internal sealed class LabelNoiseExperiment : Experiment
{
    private const double Epsilon = 0.06;

    /// <summary>Of fewer samples the library asks for confidence by itself.</summary>
    private const int FewSamples = 1000;

    /// <summary>A network that fits fewer of its random labels has not learned them by heart: nothing may fire.</summary>
    private const double Learned = 0.9;

    public override string Name => "label-noise";

    public override string Question => "When does the scheduler fire on random labels, with and without leave-one-out and confidence? On nothing but noise it must not, at epsilon 0.06, while the train accuracy is below 90%.";

    public override IReadOnlyList<ExperimentRun> Runs(Request request)
    {
        var sizes = request.Pick<(int? Images, int Epochs)[]>([(null, 21), (1000, 60), (200, 60)], [(1000, 30), (200, 30)], [(200, 3)]);
        var noises = request.Pick<double[]>([0, 0.2, 0.5, 1], [0, 0.5, 1], [1]);
        return ForSeeds(request.Seeds,
            [.. sizes.SelectMany(size => noises.SelectMany(noise => Asked(size.Images, noise).Select(rule => (Variant(size.Images, noise, rule.Name), Settings(size.Images, size.Epochs, noise, rule.Method)))))]);

        // The default asks for confidence where samples are few, and nowhere else: the rule that says so as well would run the same again.
        // Confidence and leave-one-out only ever raise what is held against epsilon, and until a layer is fixed all rules see the same network: where the loosest rule's
        // errors never fall to epsilon, the stricter ones need not be run. So it is on all images with noise, whose training takes longest.
        IEnumerable<(string Name, MethodSettings Method)> Asked(int? images, double noise) =>
            Rules().Where(rule => rule.Method.Confidence != (images < FewSamples)).Take(request.IsFull && images is null && noise > 0 ? 2 : int.MaxValue);

        Func<int, RunSettings> Settings(int? images, int epochs, double noise, MethodSettings method) => seed => new RunSettings
        {
            Data = request.AllData with { TrainSamples = images ?? request.AllData.TrainSamples, LabelNoise = noise },
            Network = new MlpSettings(request.MainNetwork),
            Recipe = Request.Sgd(epochs, seed),
            Method = method,
        };
    }

    public override Showing Show(RunSet runs, Request request) => new(
        [
            ResultTable.Of("When it fires, at epsilon 0.06 (train accuracy: against the labels that were trained on, in evaluation mode)", runs.Variants,
                Columns.Fixed, Columns.FirstFix, ("train % at it", run => AtFirstFix(runs, run), "0.00%"), ("train % at the end", run => run.Last.TrainAccuracy, "0.00%"), Columns.Test),
            new ResultTable("Runs on nothing but noise that fired while the train accuracy was below 90%", ["rule", "runs", "fired too early"],
                [.. Rules().Select(rule => (rule.Name, Runs: runs.Finished.Where(run => run.Run.Settings.Data.LabelNoise == 1 && run.Run.Variant.EndsWith($": {rule.Name}", StringComparison.Ordinal)).ToList()))
                    .Select(entry => (IReadOnlyList<string>)[entry.Name, $"{entry.Runs.Count}", $"{entry.Runs.Count(run => AtFirstFix(runs, run) < Learned)}"])]),
        ],
        [
            .. runs.Variants.Where(variant => variant.Variant.EndsWith(": default", StringComparison.Ordinal))
                .Select(variant => (variant.Variant, variant.Runs[0].Record.Epochs)).Where(variant => variant.Epochs.SelectMany(epoch => epoch.Layers.NccError).Any(layer => layer.Value is not null))
                .Chunk(4).Select((some, i) => ($"ncc-error-{i + 1}", "NCC error of each layer by the default rule (first seed); dots are switches, dashed is epsilon", ChartImage.Png(Pictures.NccError(some, Epsilon)))),
        ]);

    private static string Variant(int? images, double noise, string rule) =>
        string.Create(CultureInfo.InvariantCulture, $"{(images is { } some ? $"{some} images" : "all images")}, {100 * noise:0} percent random: {rule}");

    /// <summary>
    /// The train accuracy when the first switch was decided. An epoch's accuracies are measured behind its switches, so it is that of another rule's run on the same data,
    /// which is the same network until one of them fires; where none fired later, it is that of the epoch before.
    /// </summary>
    private static double? AtFirstFix(RunSet runs, FinishedRun run)
    {
        if (run.FirstFix is not { } first || first < 2)
            return null;
        var later = runs.Finished.FirstOrDefault(other =>
            other.Run.Seed == run.Run.Seed && other.Run.Settings.Data == run.Run.Settings.Data && (other.FirstFix ?? int.MaxValue) > first);
        return later is null ? run.Record.Epochs[first - 2].TrainAccuracy : later.Record.Epochs[first - 1].TrainAccuracy;
    }

    private static IEnumerable<(string Name, MethodSettings Method)> Rules()
    {
        var method = new MethodSettings(MethodKind.Adaptive) { Epsilon = Epsilon };
        yield return ("default", method);
        yield return ("no leave-one-out", method with { LeaveOneOut = false });
        yield return ("confidence", method with { Confidence = true });
        yield return ("confidence, no leave-one-out", method with { Confidence = true, LeaveOneOut = false });
        yield return ("error alone", method with { Confidence = false });
        yield return ("error alone, no leave-one-out", method with { Confidence = false, LeaveOneOut = false });
    }
}
