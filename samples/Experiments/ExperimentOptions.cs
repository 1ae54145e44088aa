using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Globalization;
using System.IO.Enumeration;
using TorchSharp;

namespace EtfNet.Samples;

/// <summary>The options of the program.</summary>
internal sealed class ExperimentOptions(string defaultOut)
{
    private const string FullSeeds = "0,1,2";

    private readonly Argument<string> _name = new("experiment") { Description = "Which", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<bool> _quick = OptionFactory.Flag("--quick", "Less of it, on the embedded data, within three minutes");
    private readonly Option<bool> _smoke = OptionFactory.Flag("--smoke", "Every part of it once, within ten seconds");

    private readonly Option<string?> _data = OptionFactory.Create<string?>(
        "--data", "full, embedded, or a folder with the four idx.gz files; by default full, with --quick and --smoke embedded", "full, embedded or a folder", null,
        (string text, out string? value) => !string.IsNullOrWhiteSpace(value = text));

    private readonly Option<string?> _seeds = OptionFactory.Create<string?>(
        "--seeds", $"Seeds; by default {FullSeeds}, with --quick and --smoke 0", "whole numbers such as 0,1,2, each once", null,
        (string text, out string? value) => TryParseSeeds(value = text, out _));

    private readonly Option<string?> _only = OptionFactory.Create<string?>(
        "--only", "Only the runs whose key matches one of these, as in baseline-*,wide-s0", "keys with * and ?", null, (string text, out string? value) => !string.IsNullOrWhiteSpace(value = text));

    private readonly Option<bool> _render = OptionFactory.Flag("--render", "Trains nothing, shows what is finished");
    private readonly Option<bool> _list = OptionFactory.Flag("--list", "Lists the runs' keys and whether they are finished, and ends");

    private readonly Option<string?> _page = OptionFactory.Create<string?>(
        "--page", $"A page whose part between {ExperimentPage.Begin} and {ExperimentPage.End} is replaced by the results; pictures and CSV files come beside it", "a file", null,
        (string text, out string? value) => !string.IsNullOrWhiteSpace(value = text));

    private readonly Option<string?> _commit = OptionFactory.Create<string?>(
        "--commit", "The commit to note with each run; by default git's", "a commit", null, (string text, out string? value) => !string.IsNullOrWhiteSpace(value = text));

    private readonly Option<int> _threads = OptionFactory.Count("--threads", "Threads to compute with; by default the number of cores", 1, Environment.ProcessorCount);
    private readonly Option<string> _device = OptionFactory.Device();
    private readonly Option<string> _out = OptionFactory.Text("--out", "Folder for run files, tables and pictures", "a folder", defaultOut);

    public void AddTo(Command command)
    {
        command.Arguments.Add(_name);
        foreach (var option in new Option[] { _quick, _smoke, _data, _seeds, _only, _render, _list, _page, _commit, _threads, _device, _out })
            command.Options.Add(option);
    }

    public string? Name(ParseResult result) => result.GetValue(_name);

    /// <exception cref="SampleException">Options exclude each other.</exception>
    public Request Request(ParseResult result)
    {
        if (result.GetValue(_quick) && result.GetValue(_smoke))
            throw new SampleException("--quick and --smoke exclude each other; give one of them.");
        var profile = result.GetValue(_smoke) ? Profile.Smoke : result.GetValue(_quick) ? Profile.Quick : Profile.Full;
        var seeds = result.GetValue(_seeds) ?? (profile == Profile.Full ? FullSeeds : "0");
        return new Request(profile, result.GetValue(_data) ?? ExperimentProgram.DefaultData(profile), TryParseSeeds(seeds, out var numbers) ? numbers : []);
    }

    /// <summary>Whether a run is asked for.</summary>
    public bool Chooses(ParseResult result, ExperimentRun run) =>
        result.GetValue(_only) is not { } patterns || patterns.Split(',').Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, run.Key));

    public bool RenderOnly(ParseResult result) => result.GetValue(_render);

    public bool List(ParseResult result) => result.GetValue(_list);

    public string? Page(ParseResult result) => result.GetValue(_page);

    public int Threads(ParseResult result) => result.GetValue(_threads);

    /// <exception cref="SampleException">CUDA is asked for where there is none.</exception>
    public torch.Device Device(ParseResult result) => OptionFactory.ToDevice(result.GetRequiredValue(_device));

    public string Out(ParseResult result) => result.GetRequiredValue(_out);

    /// <summary>The commit that was given, or that git tells; null where there is neither.</summary>
    public string? Commit(ParseResult result) => result.GetValue(_commit) ?? FromGit();

    private static string? FromGit()
    {
        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", ["rev-parse", "--short=12", "HEAD"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var line = git.StandardOutput.ReadLine();
            git.WaitForExit();
            return git.ExitCode == 0 && !string.IsNullOrWhiteSpace(line) ? line.Trim() : null;
        }
        catch (Exception error) when (error is System.ComponentModel.Win32Exception or InvalidOperationException or IOException)
        {
            return null;
        }
    }

    private static bool TryParseSeeds(string text, out int[] seeds)
    {
        seeds = text.Split(',').Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var seed) ? seed : -1).ToArray();
        return seeds.All(seed => seed >= 0) && seeds.Distinct().Count() == seeds.Length;
    }
}
