using System.Text.Json;
using System.Text.Json.Serialization;
using EtfNet.Benchmarks.Paired;

namespace EtfNet.Benchmarks.Commands;

/// <summary>Measures ratios, prints each as it comes, and writes them as JSON.</summary>
internal static class RatioCommand
{
    // All of them stay under 150 seconds; a few that were asked for by name take longer and say more.
    private const double SecondsOfAll = 2.5;
    private const double SecondsOfSome = 8;

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static IReadOnlyList<string> Names { get; } = [.. RatioTable.All.Select(ratio => ratio.Name).Distinct()];

    /// <param name="only">Names with commas between; null for all.</param>
    /// <param name="seconds">The time for each; null for a time by their number.</param>
    /// <param name="json">The file; null for none.</param>
    /// <param name="output">For the table.</param>
    /// <exception cref="WrongOptionException">A name is unknown, or the time is not positive.</exception>
    public static void Run(string? only, double? seconds, string? json, TextWriter output)
    {
        var names = only?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? Names;
        if (names.Count == 0 || names.Except(Names).Any())
            throw new WrongOptionException($"--only {only}: known names are {string.Join(", ", Names)}.");
        if (seconds is not (null or (> 0 and < double.PositiveInfinity)))
            throw new WrongOptionException($"--seconds {seconds}: give a number above 0.");

        var budget = TimeSpan.FromSeconds(seconds ?? (only is null ? SecondsOfAll : SecondsOfSome));
        var machine = MachineDescription.Of(RunSettings.Current);
        List<RatioResult> results = [];
        Save();
        output.WriteLine(string.Join("; ", machine.Select(fact => $"{fact.Key}: {fact.Value}")));
        output.WriteLine($"{"name",-26}{"batch",6}{"width",7}{"rank",6}{"median",18}  {"reference",-24}{"median",18}"
            + $"{"ratio",10}{"faster",9}{"GB/s",8}{"of copy",9}");
        foreach (var ratio in RatioTable.All.Where(ratio => names.Contains(ratio.Name)))
        {
            results.Add(ratio.Measure(budget));
            output.WriteLine(Line(results[^1]));
            Save();
        }

        // Each time, so that an interrupted run keeps what it has, and a file that cannot be written is known at once.
        void Save()
        {
            if (json is not null)
                File.WriteAllText(json, JsonSerializer.Serialize(new { machine, results }, s_json));
        }
    }

    private static string Line(RatioResult r) =>
        $"{r.Name,-26}{r.Batch,6}{r.Width,7}{r.Rank,6}{r.MedianMs,15:F4} {r.Unit,-2}  {r.Reference,-24}{r.ReferenceMs,15:F4} {r.Unit,-2}"
        + $"{r.Ratio,10:F5}{1 / r.Ratio,8:F1}x"
        + (r.OfCopy is null ? "" : $"{r.GigabytesPerSecond,8:F1}{r.OfCopy,9:P0}")
        + (r.Interval is [var low, var high] ? $"  95% {low:F4} to {high:F4}, {r.Pairs} pairs; inside {r.InsideMs:F3} ms" : "");
}
