using EtfNet.Benchmarks.Growth;
using EtfNet.Benchmarks.Measuring.Limits;
using EtfNet.Benchmarks.PyTorch;
using EtfNet.Benchmarks.Ratios;
using EtfNet.Benchmarks.Report;
using EtfNet.Benchmarks.Setup;

namespace EtfNet.Benchmarks.Commands;

/// <summary>Measures everything and writes it down as <c>results/NAME.md</c>, with its pictures.</summary>
internal static class ReportCommand
{
    private const string Usage = "report --name NAME [--ratios FILE] [--out FOLDER] [--python PATH] [--quick] [--device cpu|cuda] [--threads COUNT]";

    public static int Run(string[] args, TextWriter output, TextWriter error)
    {
        var options = new Options(args);
        var settings = RunSettings.Current = RunSettings.Take(options);
        var quick = options.TakeFlag("--quick");
        var python = options.Take("--python");
        var ratiosFile = options.Take("--ratios");
        var name = Name(options.Take("--name"));
        var folder = GrowthCommand.Folder(options.Take("--out") ?? "src/EtfNet.Benchmarks/results", "--out");
        options.End(Usage);
        var ratios = ratiosFile is null ? quick || settings.IsCuda ? [] : MeasureRatios(settings, output, error) : RatioLine.Read(ratiosFile);

        using var peer = PythonPeer.TryStart(python, settings, out var why);
        output.WriteLine(peer?.Description ?? why);
        var limits = MachineLimits.OfThisRun;
        var works = PeersCommand.Measure(ReportSections.All(quick), settings, quick, peer, limits, output);
        IReadOnlyList<(MeasuredGrowth, string)> growth = GrowthCommand.Measure(settings, quick, folder, name, output);
        var command = string.Join(' ', ["report", .. args]);
        var header = MachineDescription.Header(settings, command, peer?.Description ?? why, TimeProvider.System.GetUtcNow());
        var file = Path.Combine(folder, name + ".md");
        File.WriteAllText(file, ReportDocument.Render(new ReportData(name, header, limits) { Ratios = ratios, Works = works, Growth = growth }));
        output.WriteLine($"Report: {file}");
        return 0;
    }

    /// <exception cref="OptionException">It is missing, or no file name.</exception>
    internal static string Name(string? name) => name switch
    {
        null => throw new OptionException($"--name is missing. Usage: {Usage}"),
        { Length: > 0 } when name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.') && name[0] != '.' => name,
        _ => throw new OptionException($"--name '{name}': give a file name of letters, digits, '-', '_' and '.'."),
    };

    private static IReadOnlyList<RatioLine> MeasureRatios(RunSettings settings, TextWriter output, TextWriter error)
    {
        var file = Path.GetTempFileName();
        try
        {
            RatioCommand.Run(["--json", file, "--threads", FormattableString.Invariant($"{settings.Threads}")], output, error);
            return RatioLine.Read(file);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
