using EtfNet.Samples;
using EtfNet.Tests.Samples.Data;
using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Samples.Experiments;

public sealed class ExperimentProgramTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _data;
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    public ExperimentProgramTests()
    {
        _data = Directory.CreateDirectory(_folder.File("data")).FullName;
        IdxBytes.WriteSet(_data);
    }

    public static TheoryData<string> Names => [.. EtfNet.Samples.Experiments.All.Select(experiment => experiment.Name)];

    public void Dispose()
    {
        _folder.Dispose();
        _output.Dispose();
        _error.Dispose();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Run_Smoke_WritesPageTablesAndPictures(string name)
    {
        // Patches, and frames in the first layer, need images of some size.
        var data = name is "etf-transformer" or "effective-depth" ? "embedded" : _data;

        Run($"{name} --smoke --data {data} --threads 1 --commit abc123 --out {_folder.File("out")}").Should().Be(ExitCode.Success, _error.ToString());

        var folder = Directory.GetDirectories(_folder.File($"out/{name}")).Should().ContainSingle().Which;
        var page = File.ReadAllText(Path.Combine(folder, $"{name}.md"));
        page.Should().Contain($"-- {name} --smoke").And.Contain("Seeds done: 0. Fewer than three seeds").And.Contain("Commit: abc123").And.Contain("| run |").And.NotContain("Not run");
        Directory.GetFiles(folder, "*.png").Should().NotBeEmpty().And.OnlyContain(file => page.Contains(Path.GetFileName(file), StringComparison.Ordinal));
        var runs = Directory.GetFiles(Path.Combine(folder, "runs"));
        runs.Should().OnlyContain(file => file.EndsWith(".json", StringComparison.Ordinal));
        File.ReadAllLines(Path.Combine(folder, $"{name}-runs.csv")).Should().HaveCount(runs.Length + 1);
    }

    [Fact]
    public void Run_KilledAtAnyMoment_EndsWithTheSameFiles()
    {
        var arguments = $"epsilon-sweep --smoke --data {_data} --threads 1 --out ";
        Run(arguments + _folder.File("whole")).Should().Be(ExitCode.Success);

        // A killed process leaves what was written before: this writer dies at a line, later each time.
        var (kills, resumed) = (0, false);
        for (var isKilled = true; isKilled; kills += isKilled ? 1 : 0)
        {
            using var dying = new DyingWriter(1 + (kills % 7));
            try
            {
                ExperimentProgram.Run(Split(arguments + _folder.File("killed")), dying, _error, new StandingClock(), TimeSpan.Zero).Should().Be(ExitCode.Success);
                isKilled = false;
            }
            catch (KilledException)
            {
                resumed |= dying.ToString().Contains("goes on after epoch", StringComparison.Ordinal);
            }
        }

        kills.Should().BeGreaterThan(5);
        resumed.Should().BeTrue();
        Files("killed").Should().BeEquivalentTo(Files("whole"));
        foreach (var file in Files("whole"))
            File.ReadAllBytes(_folder.File($"killed/{file}")).Should().Equal(File.ReadAllBytes(_folder.File($"whole/{file}")), file);

        IEnumerable<string> Files(string root) => Directory.EnumerateFiles(_folder.File(root), "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(_folder.File(root), file));
    }

    [Theory]
    [InlineData("{\"schema\":1,\"experi", "half-written")]
    [InlineData("[1, 2]", "no run file")]
    [InlineData("{}", "no run file")]
    [InlineData("null", "no run file")]
    public void Run_UnusableRunFile_IsSetAsideAndRunAgain(string content, string reason)
    {
        Smoke().Should().Be(ExitCode.Success);
        var file = RunFile("baseline-s0.json");
        var good = File.ReadAllBytes(file);
        File.WriteAllText(file, content);

        Smoke().Should().Be(ExitCode.Success);

        _output.ToString().Should().Contain("baseline-s0.json.bad").And.Contain(reason);
        File.ReadAllText(file + ".bad").Should().Be(content);
        File.ReadAllBytes(file).Should().Equal(good);
    }

    [Fact]
    public void Run_RunFileOfAnotherRunOrOtherSettings_IsSetAside()
    {
        Smoke().Should().Be(ExitCode.Success);
        var (baseline, aligned) = (RunFile("baseline-s0.json"), RunFile("aligned-epsilon-0.5-s0.json"));
        File.Copy(aligned, baseline, overwrite: true);
        File.WriteAllText(aligned, File.ReadAllText(aligned).Replace("\"learningRate\":0.05,\"momentum\"", "\"learningRate\":0.06,\"momentum\"", StringComparison.Ordinal));

        Smoke().Should().Be(ExitCode.Success);

        _output.ToString().Should().Contain("it is of epsilon-sweep aligned-epsilon-0.5-s0").And.Contain("other settings");
        File.Exists(baseline + ".bad").Should().BeTrue();
        File.Exists(aligned + ".bad").Should().BeTrue();
    }

    [Fact]
    public void Run_FinishedRuns_AreNotRepeated()
    {
        Smoke("--only baseline-*").Should().Be(ExitCode.Success);
        _output.ToString().Should().Contain("3 of 4 runs are missing");
        var written = File.GetLastWriteTimeUtc(RunFile("baseline-s0.json"));

        Smoke().Should().Be(ExitCode.Success);

        _output.ToString().Should().Contain("1 of 4 runs are finished, 3 to run");
        File.GetLastWriteTimeUtc(RunFile("baseline-s0.json")).Should().Be(written);
    }

    [Fact]
    public void Run_Render_TrainsNothingAndSaysWhatIsMissing()
    {
        Smoke("--only baseline-*,nearest*").Should().Be(ExitCode.Success);

        Smoke("--render").Should().Be(ExitCode.Success);

        _output.ToString().Should().Contain("2 of 4 runs are missing: aligned-epsilon-0.5-s0, identity-epsilon-0.5-s0");
        Page().Should().Contain("Not run: aligned-epsilon-0.5-s0, identity-epsilon-0.5-s0");
    }

    [Fact]
    public void Run_RenderWithNothingFinished_SaysSo()
    {
        Smoke("--render").Should().Be(ExitCode.BadInput);
        _error.ToString().Should().Contain("nothing to show");
    }

    [Fact]
    public void Run_List_ShowsKeysAndWhatIsFinished()
    {
        Smoke("--only baseline-*").Should().Be(ExitCode.Success);

        Smoke("--list").Should().Be(ExitCode.Success);

        _output.ToString().Should().Contain("finished  baseline-s0").And.Contain("to run    aligned-epsilon-0.5-s0");
    }

    [Fact]
    public void Run_Page_KeepsWhatIsWrittenByHand()
    {
        var page = _folder.File("docs/page.md");
        Smoke($"--page {page}").Should().Be(ExitCode.Success);
        var first = File.ReadAllText(page);
        File.WriteAllText(page, first.Replace("<!-- generated -->", "By hand.\n\n<!-- generated -->\nold", StringComparison.Ordinal) + "Below.\n");

        Smoke($"--render --page {page}").Should().Be(ExitCode.Success);

        File.ReadAllText(page).Should().Be(first.Replace("<!-- generated -->", "By hand.\n\n<!-- generated -->", StringComparison.Ordinal) + "Below.\n");
        File.Exists(_folder.File("docs/epsilon-sweep-choose.png")).Should().BeTrue();
        File.Exists(_folder.File("docs/epsilon-sweep-runs.csv")).Should().BeTrue();
    }

    [Fact]
    public void Run_PageWithoutAPlaceForResults_IsLeftAlone()
    {
        File.WriteAllText(_folder.File("page.md"), "mine");

        Smoke($"--page {_folder.File("page.md")}").Should().Be(ExitCode.BadInput);

        _error.ToString().Should().Contain("<!-- generated -->");
        File.ReadAllText(_folder.File("page.md")).Should().Be("mine");
    }

    [Theory]
    [InlineData("", "speed, epsilon-sweep, adaptive")]
    [InlineData("nothing", "speed, epsilon-sweep, adaptive")]
    [InlineData("speed --quick --smoke", "--quick and --smoke")]
    [InlineData("speed --seeds 0,0", "--seeds")]
    [InlineData("speed --seeds x", "--seeds")]
    [InlineData("speed --smoke --only none-*", "--only")]
    [InlineData("speed --threads 0", "--threads")]
    [InlineData("speed --smoke --data nowhere", "nowhere")]
    [InlineData("speed --unknown", "--unknown")]
    public void Run_BadInput_IsOneLineAndExitCode2(string arguments, string named)
    {
        Run(arguments.Length == 0 ? $"--out {_folder.File("out")}" : $"{arguments} --out {_folder.File("out")}").Should().Be(ExitCode.BadInput);

        _error.ToString().Should().StartWith("error: ").And.Contain(named);
        _error.ToString().TrimEnd().Should().NotContain("\n");
    }

    [Fact]
    public void Run_NoFullData_SaysWhereItLookedAndOffersQuick()
    {
        var before = Environment.GetEnvironmentVariable(FashionMnist.FolderVariable);
        Environment.SetEnvironmentVariable(FashionMnist.FolderVariable, _folder.File("absent"));
        try
        {
            Run($"speed --out {_folder.File("out")}").Should().Be(ExitCode.BadInput);
        }
        finally
        {
            Environment.SetEnvironmentVariable(FashionMnist.FolderVariable, before);
        }

        _error.ToString().Should().Contain(_folder.File("absent")).And.Contain("--quick");
    }

    [Fact]
    public void Run_OutThatIsAFile_IsBadInput()
    {
        File.WriteAllText(_folder.File("file"), "");

        Run($"speed --smoke --out {_folder.File("file")}").Should().Be(ExitCode.BadInput);

        _error.ToString().Should().Contain("--out");
    }

    private static string[] Split(string arguments) => arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private int Smoke(string more = "") => Run($"epsilon-sweep --smoke --data {_data} --threads 1 --out {_folder.File("out")} {more}");

    private int Run(string arguments) => ExperimentProgram.Run(Split(arguments), _output, _error, new StandingClock(), TimeSpan.Zero);

    private string Folder => Directory.GetDirectories(_folder.File("out/epsilon-sweep")).Single();

    private string RunFile(string name) => Path.Combine(Folder, "runs", name);

    private string Page() => File.ReadAllText(Path.Combine(Folder, "epsilon-sweep.md"));

    private sealed class KilledException : Exception;

    /// <summary>Writes some lines, then kills who writes.</summary>
    private sealed class DyingWriter(int lines) : StringWriter
    {
        private int _left = lines;

        public override void WriteLine(string? value)
        {
            if (_left-- == 0)
                throw new KilledException();
            base.WriteLine(value);
        }
    }

    /// <summary>No time passes: what is written does not differ in its times.</summary>
    private sealed class StandingClock : TimeProvider
    {
        public override long GetTimestamp() => 0;
    }
}
