using System.Globalization;
using System.Text;

namespace EtfNet.Samples;

/// <summary>Writes what an experiment shows: a page with its tables, CSV files, pictures. All of it follows from the run files alone.</summary>
internal static class ExperimentPage
{
    /// <summary>What is between these on a page is the program's; all else is its writer's.</summary>
    public const string Begin = "<!-- generated -->";

    public const string End = "<!-- end of generated -->";

    /// <summary>Writes all files into a folder, the page as <c>NAME.md</c>, or keeps the rest of a page that is given.</summary>
    /// <param name="experiment">Which.</param>
    /// <param name="request">What was asked for.</param>
    /// <param name="runs">Its runs.</param>
    /// <param name="folder">Where to.</param>
    /// <param name="page">The page's file name.</param>
    /// <exception cref="SampleException">The page is there but has no place for results.</exception>
    public static void Write(Experiment experiment, Request request, RunSet runs, OutputFolder folder, string page)
    {
        var showing = experiment.Show(runs, request);
        var path = Path.Combine(folder.Path, page);
        var content = Merge(File.Exists(path) ? File.ReadAllText(path) : $"# {experiment.Name}\n\n{experiment.Question}\n\n{Begin}\n{End}\n", Results(experiment, request, runs, showing), page);
        foreach (var (file, _, png) in showing.Pictures)
            folder.Write(FileName(experiment, file), png);
        folder.Write($"{experiment.Name}-runs.csv", RunsCsv.Write(runs));
        folder.Write($"{experiment.Name}-epochs.csv", History.ToCsv([.. runs.Finished.Select(run => (run.Run.Key, run.Record.Epochs))]));
        folder.Write(page, Encoding.UTF8.GetBytes(content));
    }

    private static string Merge(string page, string results, string name)
    {
        var begin = page.IndexOf(Begin, StringComparison.Ordinal);
        var end = page.IndexOf(End, StringComparison.Ordinal);
        if (begin < 0 || end < begin)
            throw new SampleException($"{name} has no place for results: add the lines {Begin} and {End} where they belong.");
        return $"{page[..begin]}{Begin}\n{results}{page[end..]}";
    }

    private static string Results(Experiment experiment, Request request, RunSet runs, Showing showing)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"```sh\n{Command(experiment, request, runs)}\n```\n\n");
        text.Append(CultureInfo.InvariantCulture, $"- Data: {Words(runs.Finished.Select(Data))}. Seeds done: {string.Join(", ", runs.Seeds)}.{Few(runs)}\n");
        text.Append(CultureInfo.InvariantCulture, $"- Training: {Words(runs.Finished.Select(run => $"{run.Run.Settings.Network}; {Recipe(run)}"))}.\n");
        text.Append(CultureInfo.InvariantCulture, $"- Hardware: {Words(runs.Finished.Select(run => run.Record.Hardware))}.\n");
        if (runs.Finished.Select(run => run.Record.Commit).OfType<string>().Distinct().ToList() is { Count: > 0 } commits)
            text.Append(CultureInfo.InvariantCulture, $"- Commit: {Words(commits)}.\n");
        if (runs.Missing.Count > 0)
            text.Append(CultureInfo.InvariantCulture, $"- Not run: {string.Join(", ", runs.Missing.Select(run => run.Key))}.\n");
        text.Append("- Mean ± standard deviation of the sample over the seeds named.\n\n");
        foreach (var table in showing.Tables)
            text.Append(table.ToMarkdown()).Append('\n');
        foreach (var (file, caption, _) in showing.Pictures)
            text.Append(CultureInfo.InvariantCulture, $"![{caption}]({FileName(experiment, file)})\n\n{caption}\n\n");
        return text.ToString();
    }

    private static string FileName(Experiment experiment, string file) => $"{experiment.Name}-{file}.png";

    private static string Command(Experiment experiment, Request request, RunSet runs) => string.Concat(
        "dotnet run -c Release --project samples/Experiments -- ", experiment.Name,
        request.Profile switch { Profile.Quick => " --quick", Profile.Smoke => " --smoke", _ => "" },
        request.Data == ExperimentProgram.DefaultData(request.Profile) ? "" : $" --data {request.Data}",
        $" --seeds {string.Join(',', runs.Seeds)}");

    private static string Data(FinishedRun run) => run.Run.Settings.Data switch
    {
        { LabelNoise: { } noise } data => string.Create(CultureInfo.InvariantCulture, $"{Size(data)}, {noise:0%} random labels"),
        var data => Size(data),
    };

    private static string Size(DataSettings data) =>
        $"{data.Source}{(data.TrainSamples is { } train ? $", {train} training images" : "")}{(data.TestSamples is { } test ? $", {test} test images" : "")}";

    /// <summary>The recipe without its seed.</summary>
    private static string Recipe(FinishedRun run) => run.Run.Settings.Recipe.ToString().Split(", seed ")[0];

    private static string Few(RunSet runs) => runs.Seeds.Count < 3 ? $" Fewer than three seeds: a difference of a few tenths of a percent may be chance." : "";

    private static string Words(IEnumerable<string> parts) => string.Join("; ", parts.Distinct());
}
