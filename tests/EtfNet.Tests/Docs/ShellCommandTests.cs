using EtfNet.Samples;
using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Docs;

/// <summary>
/// The commands of the pages work as written: the programs that take options take these, and all else is run by .ci/run, at least in a
/// short form.
/// </summary>
public sealed class ShellCommandTests
{
    private const string Experiments = "samples/Experiments";
    private const string Benchmarks = "src/EtfNet.Benchmarks";

    /// <summary>The programs that take options: each reads its command line, and does nothing.</summary>
    private static readonly Dictionary<string, Action<string[]>> s_programs = new()
    {
        ["samples/FashionMnist"] = ReadComparison,
        ["samples/ResNet"] = ReadComparison,
        [Experiments] = args => ExperimentProgram.Read(args),
    };

    /// <summary>What no machine of ours can run: on a machine with a GPU and without .NET, and in the reader's own project.</summary>
    private static readonly string[] s_elsewhere = ["./run.sh", "ldd"];

    private static readonly string s_scripts = string.Concat(
        Directory.EnumerateFiles(Repository.Path("eng"), "*.sh").Append(Repository.Path(".ci/run")).Select(File.ReadAllText));

    public static TheoryData<string> Pages => [.. Repository.Pages()];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Commands_OfEveryPage_AreTakenByTheirProgramOrRunByCi(string page) =>
        ShellCommand.Read(page, File.ReadAllText(Repository.Path(page))).Select(Problem).Where(problem => problem is not null)
            .Should().BeEmpty();

    [Theory]
    [InlineData("dotnet run -c Release --project samples/FashionMnist -- --methud watch", "*--methud*")]
    [InlineData("dotnet run -c Release --project samples/Experiments -- sped", "*sped*")]
    [InlineData("dotnet run -c Release --project src/EtfNet.Benchmarks -- rations", "*rations*")]
    [InlineData("dotnet run -c Release --project samples/Nothing", "*samples/Nothing*")]
    [InlineData("eng/nothing.sh", "*eng/nothing.sh*")]
    public void Command_ThatDoesNotWork_IsFound(string command, string problem) =>
        ShellCommand.Read("page.md", $"```sh\n{command}\n```\n").Select(Problem).Should().ContainSingle().Which.Should().Match(problem);

    [Fact]
    public void Read_BlockAndTable_GiveTheirCommands() =>
        ShellCommand.Read("page.md", "```sh\nx=\"--a 1\"\ndotnet run -- $x '*b*'   # why\n```\n| `eng/c.sh --d` | `other` |\n")
            .Select(command => command.ToString())
            .Should().Equal("page.md:3: dotnet run -- --a 1 *b*", "page.md:5: eng/c.sh --d");

    private static string? Problem(ShellCommand command)
    {
        var words = command.Words;
        if (words is ["dotnet", "run", .. var rest] && rest.SkipWhile(word => word != "--project").Skip(1).FirstOrDefault() is { } project)
            return Problem(command, project, [.. words.SkipWhile(word => word != "--").Skip(1)]);
        var run = words[0] == "dotnet" || words.Length > 1 && !words[1].StartsWith('-') ? string.Join(' ', words.Take(2)) : words[0];
        return s_elsewhere.Contains(words[0]) || run == ".ci/run" || s_scripts.Contains(run, StringComparison.Ordinal)
            ? null
            : $"{command}: .ci/run does not run {run}";
    }

    private static string? Problem(ShellCommand command, string project, string[] arguments)
    {
        if (!Directory.Exists(Repository.Path(project)))
            return $"{command}: there is no {project}";
        if (project == Benchmarks)
            return s_scripts.Contains($"benchmarks {arguments[0]}", StringComparison.Ordinal)
                ? null
                : $"{command}: .ci/run does not run benchmarks {arguments[0]}";
        if (!s_programs.TryGetValue(project, out var read))
            return arguments.Length == 0 && s_scripts.Contains($"example {Path.GetFileName(project)} ", StringComparison.Ordinal)
                ? null
                : $"{command}: .ci/run does not run it";
        try
        {
            read(arguments);
            return null;
        }
        catch (SampleException error)
        {
            return $"{command}: {error.Message}";
        }
    }

    private static void ReadComparison(string[] arguments) => _ = new TrainingRun(
        "", Settings.Read(arguments, [typeof(ProgramOptions), typeof(Machine), .. TrainingRun.Options]).WithoutWords());
}
