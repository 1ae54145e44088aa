using EtfNet.Benchmarks.Growth;
using EtfNet.Benchmarks.Report;
using EtfNet.Benchmarks.Setup;

namespace EtfNet.Benchmarks.Commands;

/// <summary>How cost grows: tables, fitted exponents, pictures.</summary>
internal static class GrowthCommand
{
    private const string Usage = "growth [--out FOLDER] [--quick] [--device cpu|cuda] [--threads COUNT]";

    private static readonly TimeSpan s_budget = TimeSpan.FromSeconds(1);

    public static int Run(string[] args, TextWriter output)
    {
        var options = new Options(args);
        var settings = RunSettings.Current = RunSettings.Take(options);
        var quick = options.TakeFlag("--quick");
        var folder = Folder(options.Take("--out") ?? "out/growth", "--out");
        options.End(Usage);
        Measure(settings, quick, folder, "growth", output);
        output.WriteLine($"Pictures: {folder}");
        return 0;
    }

    /// <summary>Measures everything, prints a table at a time and writes the pictures.</summary>
    /// <returns>The growth and its pictures' file names.</returns>
    public static IReadOnlyList<(MeasuredGrowth Growth, string Picture)> Measure(RunSettings settings, bool quick, string folder, string name, TextWriter output)
    {
        var runner = new GrowthRunner(settings, quick ? TimeSpan.Zero : s_budget);
        List<(MeasuredGrowth, string)> measured = [];
        foreach (var plot in GrowthPlots.All(quick))
        {
            var growth = runner.Measure(plot);
            var picture = $"{name}-{plot.Axis.Replace(' ', '-')}.png";
            File.WriteAllBytes(Path.Combine(folder, picture), GrowthPicture.Png(growth));
            measured.Add((growth, picture));
            output.WriteLine($"Cost over {plot.Axis}: {plot.Fixed}");
            output.WriteLine(Tables.Growth(growth));
        }

        return measured;
    }

    /// <summary>Makes the folder before anything is measured.</summary>
    /// <exception cref="OptionException">It cannot be made.</exception>
    public static string Folder(string path, string option)
    {
        try
        {
            return Directory.CreateDirectory(path).FullName;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new OptionException($"{option} {path}: {exception.Message.ReplaceLineEndings(" ")}");
        }
    }
}
