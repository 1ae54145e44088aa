using System.Text.Json;
using EtfNet.Benchmarks.Measuring;
using EtfNet.Benchmarks.Measuring.Limits;
using EtfNet.Benchmarks.PyTorch;
using EtfNet.Benchmarks.Report;
using EtfNet.Benchmarks.Setup;

namespace EtfNet.Benchmarks.Commands;

/// <summary>Kernels and layers beside other ways to do the same: plain operations of this libtorch, and PyTorch in a child
/// process.</summary>
internal static class PeersCommand
{
    private const string Usage = "peers [--python PATH] [--json FILE] [--quick] [--device cpu|cuda] [--threads COUNT]";

    private static readonly TimeSpan s_budget = TimeSpan.FromSeconds(2);
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static int Run(string[] args, TextWriter output)
    {
        var options = new Options(args);
        var settings = RunSettings.Current = RunSettings.Take(options);
        var quick = options.TakeFlag("--quick");
        var python = options.Take("--python");
        var file = options.Take("--json");
        options.End(Usage);

        using var peer = PythonPeer.TryStart(python, settings, out var why);
        output.WriteLine(peer?.Description ?? why);
        var limits = MachineLimits.OfThisRun;
        output.WriteLine(Tables.Limits(limits));
        var sections = ReportSections.Kernels(quick).Append(("Layers", [[.. ReportSections.Layers(quick ? ReportSections.TinyWidth : 1024)]]));
        var results = Measure(sections, settings, quick, peer, limits, output).SelectMany(section => section.Results).ToArray();
        if (file is not null)
            File.WriteAllText(file, JsonSerializer.Serialize(new { machine = peer?.Description ?? why, results }, s_json));
        return 0;
    }

    /// <summary>Measures sections and prints each group's table as it comes.</summary>
    public static IReadOnlyList<(string Section, IReadOnlyList<WorkResult> Results)> Measure(
        IEnumerable<(string Section, IReadOnlyList<IReadOnlyList<Subject>> Groups)> sections,
        RunSettings settings,
        bool quick,
        PythonPeer? peer,
        MachineLimits limits,
        TextWriter output)
    {
        var runner = new SubjectRunner(settings, quick ? TimeSpan.Zero : s_budget, peer);
        List<(string, IReadOnlyList<WorkResult>)> measured = [];
        foreach (var (section, groups) in sections)
        {
            output.WriteLine(section);
            List<WorkResult> results = [];
            foreach (var group in groups)
            {
                var here = runner.Measure(group);
                results.AddRange(here);
                output.WriteLine(Tables.Works(here, limits));
            }

            measured.Add((section, results));
        }

        return measured;
    }
}
