using System.Text;

namespace EtfNet.Samples;

/// <summary>Writes what an experiment shows: a page with its tables, CSV files, pictures. All of it follows from the run files.</summary>
internal static class ExperimentPage
{
    /// <summary>What is between these on a page is the program's; all else is its writer's.</summary>
    public const string Begin = "<!-- generated -->";

    public const string End = "<!-- end of generated -->";

    /// <summary>Writes all files into a folder; the rest of a page that is there is kept.</summary>
    /// <param name="runs">The runs.</param>
    /// <param name="folder">Where to.</param>
    /// <param name="page">The page's file name.</param>
    /// <param name="replace">Whether results of runs that are not here may be lost.</param>
    /// <exception cref="SampleException">The page has no place for results, or they would be lost.</exception>
    public static void Write(RunSet runs, OutputFolder folder, string page, bool replace)
    {
        var (name, csv) = (runs.Experiment.Name, $"{runs.Experiment.Name}-runs.csv");
        var old = File.Exists(folder.File(page)) ? File.ReadAllText(folder.File(page))
            : $"# {name}\n\n{runs.Experiment.Question}\n\n{Begin}\n{End}\n";
        if (old.Split(Begin) is not [var before, var after] || after.Split(End) is not [_, var behind])
            throw new SampleException($"{page} has no place for results: add the lines {Begin} and {End} where they belong.");
        var rows = File.Exists(folder.File(csv)) ? File.ReadLines(folder.File(csv)).Skip(1).Select(line => line.Split(',')[0]) : [];
        if (!replace && rows.Except(runs.Finished.Select(run => run.Run.Key)).ToList() is { Count: > 0 } lost)
            throw new SampleException($"{csv} has results of {lost.Count} runs that are not finished here, {lost[0]} among them; finish "
                + "them, or give --replace to lose them.");
        var text = new StringBuilder($"{before}{Begin}\n{Facts(runs)}");
        foreach (var table in runs.Experiment.Tables)
            text.Append($"**{runs.Fill(table.Title)}**\n\n{runs.Table(table)}\n");
        foreach (var picture in runs.Experiment.Pictures)
            foreach (var (i, (group, charts)) in runs.Charts(picture).Index())
            {
                var file = $"{name}-{picture.File}{(picture.Each || picture.Charts[0] == "ncc-error" ? $"-{i + 1}" : "")}.png";
                var caption = group + runs.Fill(picture.Caption);
                folder.Write(file, Chart.Png(charts));
                text.Append($"![{caption}]({file})\n\n{caption}\n\n");
            }

        folder.Write($"{name}-epochs.csv", Tables.History([.. runs.Finished.Select(run => (run.Run.Key, run.Epochs))]));
        folder.Write(csv, Tables.Csv(runs.Finished.Select(run => (IEnumerable<(string, object?)>)
        [
            ("run", run.Run.Key), ("variant", run.Run.Variant), ("seed", run.Run.Seed), ("epochs", run.Epochs.Count),
            ("trainAccuracy", run.Last.TrainAccuracy), ("testAccuracy", run.Last.TestAccuracy), ("layersFixed", run.Last.Fixed.Count),
            ("firstFix", run.FirstFix), ("lastFix", run.LastFix), ("effectiveDepth", run.Last.EffectiveDepth),
            ("trainableParameters", run.Last.Footprint.TrainableParameters), ("fixedParameters", run.Last.Footprint.FixedParameters),
            ("weightBytes", run.Last.Footprint.WeightBytes), ("gradientBytes", run.Last.Footprint.GradientBytes),
            ("optimizerBytes", run.Last.Footprint.OptimizerBytes), ("seconds", run.Seconds()),
        ]).ToList()));
        folder.Write(page, $"{text}{End}{behind}");
    }

    private static string Facts(RunSet runs)
    {
        var (name, count) = (runs.Experiment.Name, runs.Finished.Count);
        var seeds = runs.Finished.Select(run => run.Run.Seed).Distinct().Order().ToList();
        var profile = runs.Request.Profile > 0 ? $" --{Request.Profiles[runs.Request.Profile]}" : "";
        var options = string.Concat(runs.Request.Overrides.Values.Select(value => $" --{value.Key} {value.Value}"));
        var few = seeds.Count < 3 ? " Fewer than three seeds: a difference of a few tenths of a percent may be chance." : "";
        return $"""
            ```sh
            dotnet run -c Release --project samples/Experiments -- {name}{profile} --seeds {string.Join(',', seeds)}{options}
            ```

            - Data: {Each(run => DataOf(run.Run.Run.Data))}. Seeds done: {string.Join(", ", seeds)}.{few}
            - Training: {Each(run => $"{run.Run.Run.Network}")}; {Each(run => $"{run.Run.Run.Recipe}")}.
            - Hardware: {Each(run => run.Record.Hardware)}.
            - Commit: {Each(run => run.Record.Commit ?? "unknown")}.
            - Runs: {count} of {runs.Missing + count}. Mean ± standard deviation of the sample over the seeds named.


            """;

        string Each(Func<FinishedRun, string> words) => string.Join("; ", runs.Finished.Select(words).Distinct());

        static string DataOf(DataOptions data) => data.Data + (data.TrainSamples is { } samples ? $", {samples} training samples" : "")
            + (data.LabelNoise > 0 ? $", {100 * data.LabelNoise:0}% random labels" : "");
    }
}
