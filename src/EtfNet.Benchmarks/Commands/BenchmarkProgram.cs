using System.CommandLine;
using System.CommandLine.Help;

namespace EtfNet.Benchmarks.Commands;

/// <summary>The command line: <c>ratios</c> alternates work and its reference; anything else goes to BenchmarkDotNet.</summary>
internal static class BenchmarkProgram
{
    /// <summary>The option that leaves the allocator as it is.</summary>
    public const string ReleaseMemory = "--release-memory";

    private const int WrongInput = 2;

    private static readonly Option<string> s_device = new("--device") { Description = "cpu, the default, or cuda" };
    private static readonly Option<int> s_threads = new("--threads") { Description = "torch's threads", DefaultValueFactory = _ => 2 };
    private static readonly Option<bool> s_releaseMemory = new(ReleaseMemory) { Description = "gives freed memory back to the system" };
    private static readonly Option<string> s_only = new("--only") { Description = "some of them, with commas between" };
    private static readonly Option<double?> s_seconds = new("--seconds") { Description = "the time for each line" };
    private static readonly Option<string> s_json = new("--json") { Description = "the file for the results" };

    /// <returns>0; 1 if a benchmark failed; 2 after one line on <paramref name="error"/> if an argument is wrong.</returns>
    public static int Run(string[] args, TextWriter output, TextWriter error)
    {
        var ratios = new Command("ratios", $"Work against its reference, alternated: {string.Join(", ", RatioCommand.Names)}.")
        {
            s_only, s_seconds, s_json, new HelpOption(),
        };
        ratios.SetAction(parsed =>
        {
            Apply(parsed);
            RatioCommand.Run(parsed.GetValue(s_only), parsed.GetValue(s_seconds), parsed.GetValue(s_json), output);
        });
        var root = new RootCommand { ratios };
        root.TreatUnmatchedTokensAsErrors = false;
        root.SetAction(parsed =>
        {
            Apply(parsed);
            return BenchmarkRun.Run([.. parsed.UnmatchedTokens]);
        });
        // --help and --version without a command are BenchmarkDotNet's.
        root.Options.Clear();
        foreach (var option in new Option[] { s_device, s_threads, s_releaseMemory })
        {
            option.Recursive = true;
            root.Options.Add(option);
        }

        var parsed = root.Parse(args);
        try
        {
            if (parsed.Errors is [var wrong, ..])
                throw new WrongOptionException(wrong.Message);
            if (parsed.UnmatchedTokens is [var word, ..] && (parsed.CommandResult.Command != root || !word.StartsWith('-')))
                throw new WrongOptionException($"'{word}' is not known here: give ratios and its options, or options of BenchmarkDotNet.");
            return parsed.Invoke(new InvocationConfiguration { Output = output, EnableDefaultExceptionHandler = false });
        }
        catch (Exception exception) when (exception is WrongOptionException or IOException or UnauthorizedAccessException)
        {
            error.WriteLine(exception.Message.ReplaceLineEndings(" "));
            return WrongInput;
        }
    }

    private static void Apply(ParseResult parsed)
    {
        var (device, threads) = (parsed.GetValue(s_device) ?? "cpu", parsed.GetValue(s_threads));
        if (threads < 1)
            throw new WrongOptionException($"--threads {threads}: give a whole number of at least 1.");
        if (device is not ("cpu" or "cuda"))
            throw new WrongOptionException($"--device {device}: give cpu or cuda.");
        if (device == "cuda" && !cuda_is_available())
            throw new WrongOptionException("--device cuda: no CUDA device, or a libtorch without CUDA (build with -p:TorchBackend=cuda).");
        RunSettings.Current = new RunSettings(device == "cuda", threads);
        RunSettings.Current.Apply();
    }
}
