using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using EtfNet.Benchmarks.Measuring;
using TorchSharp;

namespace EtfNet.Benchmarks.Ratios;

/// <summary><c>ratios [--json FILE] [--only NAME,...] [--threads COUNT] [--seconds COUNT]</c>.</summary>
internal static class RatioCommand
{
    private const string Usage = "Usage: ratios [--json FILE] [--only NAME,...] [--threads COUNT] [--seconds COUNT]";
    private const int DefaultThreads = 2;

    /// <summary>
    /// The time for one case: all of them together stay under 150 seconds, a few that were asked for by name take longer and say more. The
    /// overheads of monitoring
    /// take a multiple of it, at most 12.
    /// </summary>
    private static readonly TimeSpan s_budgetOfAll = TimeSpan.FromSeconds(2.5);
    private static readonly TimeSpan s_budgetOfSome = TimeSpan.FromSeconds(8);

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <returns>0; 1 if the arguments are wrong.</returns>
    public static int Run(string[] args, TextWriter output, TextWriter error)
    {
        string? file = null;
        var chosen = RatioRegistry.All;
        var threads = DefaultThreads;
        double? seconds = null;
        for (var i = 0; i < args.Length; i += 2)
            switch (args[i])
            {
                case "--json" when i + 1 < args.Length:
                    file = args[i + 1];
                    break;
                case "--only" when i + 1 < args.Length:
                    var names = args[i + 1].Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
                    if (names.Length == 0 || names.Except(RatioRegistry.All.Select(ratio => ratio.Name)).ToArray() is { Length: > 0 } unknown)
                        return Fail(error, $"--only {args[i + 1]}: known names are {string.Join(", ", RatioRegistry.All.Select(ratio => ratio.Name))}.");
                    chosen = [.. RatioRegistry.All.Where(ratio => names.Contains(ratio.Name))];
                    break;
                case "--threads" when i + 1 < args.Length && int.TryParse(args[i + 1], CultureInfo.InvariantCulture, out threads) && threads > 0:
                    break;
                case "--seconds" when i + 1 < args.Length && double.TryParse(args[i + 1], CultureInfo.InvariantCulture, out var given) && given > 0 && double.IsFinite(given):
                    seconds = given;
                    break;
                default:
                    return Fail(error, $"Unknown or incomplete argument '{args[i]}'. {Usage}");
            }

        torch.set_num_threads(threads);
        Alternation.SettleAllocator();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}, {Environment.ProcessorCount} cores; {threads} threads, float32"));
        output.WriteLine($"{"name",-22}{"batch",6}{"width",7}{"rank",6}{"median ms",12}  {"reference",-22}{"median ms",12}{"ratio",10}{"faster",9}{"GB/s",8}{"of copy",9}");
        var runner = new AlternatedRunner(seconds is { } wanted ? TimeSpan.FromSeconds(wanted) : chosen.Count == RatioRegistry.All.Count ? s_budgetOfAll : s_budgetOfSome);
        List<RatioResult> results = [];
        foreach (var ratio in chosen)
            foreach (var ratioCase in ratio.Cases())
            {
                var result = ratio.Measure(runner, ratioCase);
                results.Add(result);
                output.WriteLine(Line(result));
            }

        if (file is not null)
            File.WriteAllText(file, JsonSerializer.Serialize(results, s_json));
        return 0;
    }

    private static string Line(RatioResult r) => string.Create(CultureInfo.InvariantCulture,
        $"{r.Name,-22}{r.Batch,6}{r.Width,7}{r.Rank,6}{r.MedianMs,12:F4}  {r.Reference,-22}{r.ReferenceMs,12:F4}{r.Ratio,10:F5}{1 / r.Ratio,8:F1}x")
        + (r.Rate is { } rate ? string.Create(CultureInfo.InvariantCulture, $"{rate.GigabytesPerSecond,8:F1}{rate.OfCopy,9:P0}") : "")
        + (r.Interval is [var low, var high] ? string.Create(CultureInfo.InvariantCulture, $"  95% {low:F4} to {high:F4}, {r.Pairs} pairs; inside {r.InsideMs:F3} ms, {r.InsideMs / r.ReferenceMs:P2}") : "");

    private static int Fail(TextWriter error, string message)
    {
        error.WriteLine(message);
        return 1;
    }
}
