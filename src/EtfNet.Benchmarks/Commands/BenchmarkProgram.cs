using System.CommandLine;
using System.CommandLine.Help;
using EtfNet.Benchmarks.Measuring;
using EtfNet.Benchmarks.Paired;
using static System.Globalization.CultureInfo;
using static TorchSharp.torch;

namespace EtfNet.Benchmarks.Commands;

/// <summary>The command line: <c>ratios</c> alternates work and its reference; anything else goes to BenchmarkDotNet.</summary>
internal static class BenchmarkProgram
{
    /// <summary>The option that leaves the allocator as it is.</summary>
    public const string ReleaseMemory = "--release-memory";

    private const int WrongInput = 2;

    private static readonly string[] s_names = [.. RatioTable.All.Select(ratio => ratio.Name).Distinct()];

    private static readonly Option<bool> s_cuda = Of("--device", "cpu, the default, or cuda", false,
        "give cpu; or cuda, with a CUDA device and a libtorch for it (build with -p:TorchBackend=cuda)",
        text => text == "cuda" && cuda_is_available() || (text == "cpu" ? false : throw new FormatException()));

    private static readonly Option<int> s_threads = Of("--threads", "torch's threads, 2 by default", 2,
        "give a whole number of at least 1", text => int.Parse(text, InvariantCulture) is > 0 and var count ? count : throw new FormatException());

    private static readonly Option<double?> s_seconds = Of<double?>("--seconds", "the time for each line", null, "give a number above 0",
        text => double.Parse(text, InvariantCulture) is > 0 and < double.PositiveInfinity and var value ? value : throw new FormatException());

    private static readonly Option<string[]> s_only = Of("--only", "some of them, with commas between", s_names,
        $"known names are {string.Join(", ", s_names)}", Names);

    private static readonly Option<string?> s_json = new("--json") { Description = "the file for the results" };

    private static readonly Option<bool> s_releaseMemory = new(ReleaseMemory) { Description = "gives freed memory back to the system" };

    /// <returns>0; 1 if a benchmark failed; 2 after one line on <paramref name="error"/> if an argument is wrong.</returns>
    public static int Run(string[] args, TextWriter output, TextWriter error)
    {
        var root = new RootCommand { Ratios(output) };
        root.TreatUnmatchedTokensAsErrors = false;
        // --help and --version without a command are BenchmarkDotNet's.
        root.Options.Clear();
        foreach (var option in new Option[] { s_cuda, s_threads, s_releaseMemory })
        {
            option.Recursive = true;
            root.Options.Add(option);
        }

        root.SetAction(parsed =>
        {
            Apply(parsed);
            return BenchmarkRun.Run([.. parsed.UnmatchedTokens]);
        });
        var parsed = root.Parse(args);
        var wrong = parsed.Errors.Select(one => one.Message).ToList();
        if (parsed.UnmatchedTokens is [var word, ..] && (parsed.CommandResult.Command != root || !word.StartsWith('-')))
            wrong.Add($"'{word}' is not known here. There is the command ratios, and all else are options of BenchmarkDotNet.");
        try
        {
            if (wrong.Count == 0)
                return parsed.Invoke(new InvocationConfiguration { Output = output, EnableDefaultExceptionHandler = false });
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            wrong.Add(exception.Message);
        }

        error.WriteLine(wrong[0].ReplaceLineEndings(" "));
        return WrongInput;
    }

    private static Command Ratios(TextWriter output)
    {
        var command = new Command("ratios", $"Work against its reference, alternated: {string.Join(", ", s_names)}.")
        {
            s_only, s_seconds, s_json, new HelpOption(),
        };
        command.SetAction(parsed =>
        {
            Apply(parsed);
            RatioCommand.Run(parsed.GetValue(s_only)!, parsed.GetValue(s_seconds), parsed.GetValue(s_json), output);
        });
        return command;
    }

    private static void Apply(ParseResult parsed)
    {
        RunSettings.Current = new RunSettings(parsed.GetValue(s_cuda), parsed.GetValue(s_threads));
        RunSettings.Current.Apply();
    }

    private static string[] Names(string text)
    {
        var names = text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return names.Length > 0 && !names.Except(s_names).Any() ? names : throw new FormatException();
    }

    private static Option<T> Of<T>(string name, string description, T otherwise, string wanted, Func<string, T> parse) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => otherwise,
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            try
            {
                return parse(text);
            }
            catch (Exception exception) when (exception is FormatException or OverflowException)
            {
                result.AddError($"{name} {text}: {wanted}.");
                return otherwise;
            }
        },
    };
}
