using EtfNet.Samples;
using EtfNet.Tests.Samples.Data;
using EtfNet.Tests.Samples.Training;
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

    public static TheoryData<string> Names => [.. Experiment.Names];

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
        // Patches, texts, and frames in the first layer need data of their own.
        var data = name is "etf-transformer" or "effective-depth" ? "--data embedded"
            : name is "language-identification" ? "" : $"--data {_data}";

        Run($"{name} --smoke {data} --threads 1 --commit abc123 --out {_folder.File("out")}").Should()
            .Be(SampleProgram.Success, _error.ToString());

        var folder = Directory.GetDirectories(_folder.File($"out/{name}")).Should().ContainSingle().Which;
        var page = File.ReadAllText(Path.Combine(folder, $"{name}.md"));
        page.Should().Contain($"-- {name} --smoke").And.Contain("Seeds done: 0. Fewer than three seeds").And.Contain("Commit: abc123")
            .And.Contain("| run ");
        Directory.GetFiles(folder, "*.png").Should().NotBeEmpty()
            .And.OnlyContain(file => page.Contains(Path.GetFileName(file), StringComparison.Ordinal));
        var runs = Directory.GetFiles(Path.Combine(folder, "runs"));
        runs.Should().OnlyContain(file => file.EndsWith(".json", StringComparison.Ordinal));
        File.ReadAllLines(Path.Combine(folder, $"{name}-runs.csv")).Should().HaveCount(runs.Length + 1);
    }

    [Fact]
    public void Run_Help_ShowsDefaultsAsTheyAreGiven()
    {
        Run("--help").Should().Be(SampleProgram.Success);
        _output.ToString().Should().MatchRegex(@"--only +\* +only the runs").And.NotContain("System.");
    }

    [Fact]
    public void Run_KilledAtAnyMoment_EndsWithTheSameFiles()
    {
        var arguments = $"epsilon-sweep --smoke --data {_data} --threads 1 --out ";
        Run(arguments + _folder.File("whole")).Should().Be(SampleProgram.Success);

        // A killed process leaves what was written before: this writer dies at a line, later each time.
        var (kills, resumed) = (0, false);
        for (var isKilled = true; isKilled; kills += isKilled ? 1 : 0)
        {
            using var dying = new DyingWriter(1 + (kills % 7));
            try
            {
                var screen = new Screen(dying, null, new StandingClock());
                ExperimentProgram.Run(Split(arguments + _folder.File("killed")), screen, default, new StandingClock(), TimeSpan.Zero);
                isKilled = false;
            }
            catch (KilledException)
            {
                resumed |= dying.ToString().Contains("continues behind epoch", StringComparison.Ordinal);
            }
        }

        kills.Should().BeGreaterThan(5);
        resumed.Should().BeTrue();
        Files("killed").Should().BeEquivalentTo(Files("whole"));
        foreach (var file in Files("whole"))
            File.ReadAllBytes(_folder.File($"killed/{file}")).Should().Equal(File.ReadAllBytes(_folder.File($"whole/{file}")), file);

        IEnumerable<string> Files(string root) => Directory.EnumerateFiles(_folder.File(root), "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(_folder.File(root), file));
    }

    [Fact]
    public void Run_DamagedState_BeginsTheRunAnew()
    {
        Stop("  2/3 ");
        var state = Directory.GetFiles(Path.Combine(Folder, "runs"), "*.1.state").Should().ContainSingle().Which;
        File.WriteAllBytes(state, [1, 2, 3]);

        Smoke().Should().Be(SampleProgram.Success);

        _output.ToString().Should().Contain($"{Path.GetFileName(state)} cannot be used").And.Contain("begins anew");
        Directory.GetFiles(Path.Combine(Folder, "runs"), "*.state*").Should().BeEmpty();
    }

    [Theory]
    [InlineData("{\"schema\":2,\"key", "half-written")]
    [InlineData("[1, 2]", "no run file")]
    [InlineData("{}", "no run file")]
    [InlineData("null", "no run file")]
    public void Run_UnusableRunFile_IsSetAsideAndRunAgain(string content, string reason)
    {
        Smoke().Should().Be(SampleProgram.Success);
        var file = RunFile("baseline-s0.json");
        var good = File.ReadAllBytes(file);
        File.WriteAllText(file, content);

        Smoke().Should().Be(SampleProgram.Success);

        _output.ToString().Should().Contain("baseline-s0.json.bad").And.Contain(reason);
        File.ReadAllText(file + ".bad").Should().Be(content);
        File.ReadAllBytes(file).Should().Equal(good);
    }

    [Fact]
    public void Run_RunFileOfAnotherRunOrOtherSettings_IsSetAside()
    {
        Smoke().Should().Be(SampleProgram.Success);
        var (baseline, aligned) = (RunFile("baseline-s0.json"), RunFile("aligned-epsilon-0.5-s0.json"));
        File.Copy(aligned, baseline, overwrite: true);
        File.WriteAllText(aligned, File.ReadAllText(aligned)
            .Replace("\"epsilon\":\"0.5\"", "\"epsilon\":\"0.4\"", StringComparison.Ordinal));

        Smoke().Should().Be(SampleProgram.Success);

        _output.ToString().Should().Contain("it is of aligned-epsilon-0.5-s0").And.Contain("other settings");
        (File.Exists(baseline + ".bad"), File.Exists(aligned + ".bad")).Should().Be((true, true));
    }

    [Fact]
    public void Run_FinishedRuns_AreNotRepeatedAndThoseOfAnotherProcessNotTouched()
    {
        Smoke("--only baseline-*").Should().Be(SampleProgram.Success);
        _output.ToString().Should().Contain("3 of 4 runs are missing");
        var written = File.GetLastWriteTimeUtc(RunFile("baseline-s0.json"));
        using (new FileStream(RunFile("nearest-epsilon-0.5-s0.lock"), FileMode.Create, FileAccess.Write, FileShare.None))
            Smoke().Should().Be(SampleProgram.Success);

        _output.ToString().Should().Contain("nearest-epsilon-0.5-s0: another process runs it").And.Contain("1 of 4 runs are missing");
        File.GetLastWriteTimeUtc(RunFile("baseline-s0.json")).Should().Be(written);
    }

    [Fact]
    public void Run_ListAndRender_TrainNothing()
    {
        Smoke("--render").Should().Be(SampleProgram.BadInput);
        _error.ToString().Should().Contain("nothing to show");
        Smoke("--only baseline-*").Should().Be(SampleProgram.Success);

        Smoke("--list").Should().Be(SampleProgram.Success);
        Smoke("--render").Should().Be(SampleProgram.Success);

        _output.ToString().Should().Contain("finished  baseline-s0").And.Contain("to run    aligned-epsilon-0.5-s0");
        Page().Should().Contain("- Runs: 1 of 4.");
    }

    [Fact]
    public void Run_Overrides_SetAllRunsAndHaveAFolderOfTheirOwn()
    {
        Smoke("--layers 1 --epochs 1").Should().Be(SampleProgram.Success);

        Path.GetFileName(Folder).Should().Contain("-epochs-1").And.Contain("-layers-1");
        Page().Should().Contain("--epochs 1").And.Contain("1 hidden layers of 24").And.Contain("1 epochs of SGD");
    }

    [Fact]
    public void Run_Page_KeepsWhatIsWrittenByHandAndLosesNoResults()
    {
        var page = _folder.File("docs/page.md");
        Smoke($"--page {page}").Should().Be(SampleProgram.Success);
        var first = File.ReadAllText(page);
        File.WriteAllText(page, first.Replace("<!-- generated -->", "By hand.\n\n<!-- generated -->\nold") + "Below.\n");

        Smoke($"--render --page {page}").Should().Be(SampleProgram.Success);

        File.ReadAllText(page).Should().Be(first.Replace("<!-- generated -->", "By hand.\n\n<!-- generated -->") + "Below.\n");
        File.Exists(_folder.File("docs/epsilon-sweep-choose.png")).Should().BeTrue();

        File.AppendAllText(_folder.File("docs/epsilon-sweep-runs.csv"), "baseline-s7,baseline,7\n");
        Smoke($"--render --page {page}").Should().Be(SampleProgram.BadInput);
        _error.ToString().Should().Contain("baseline-s7").And.Contain("--replace");
        File.ReadAllText(page).Should().Contain("By hand");
        Smoke($"--render --replace --page {page}").Should().Be(SampleProgram.Success);
    }

    [Fact]
    public void Run_PageWithoutAPlaceForResults_IsLeftAlone()
    {
        File.WriteAllText(_folder.File("page.md"), "mine");

        Smoke($"--page {_folder.File("page.md")}").Should().Be(SampleProgram.BadInput);

        _error.ToString().Should().Contain("<!-- generated -->");
        File.ReadAllText(_folder.File("page.md")).Should().Be("mine");
    }

    [Fact]
    public void Run_ExperimentOfAFile_IsRun()
    {
        File.WriteAllText(_folder.File("mine.json"), """
            {
              "question": "?", "variants": [{ "name": "one", "settings": "width=8" }],
              "tables": [{ "title": "t", "columns": ["test"] }], "pictures": []
            }
            """);

        Run($"{_folder.File("mine.json")} --smoke --data {_data} --threads 1 --out {_folder.File("out")}").Should()
            .Be(SampleProgram.Success, _error.ToString());

        Directory.GetFiles(_folder.File("out/mine"), "mine.md", SearchOption.AllDirectories).Should().ContainSingle();
    }

    [Theory]
    [InlineData("", "speed")]
    [InlineData("nothing", "speed")]
    [InlineData("speed --quick --smoke", "--quick and --smoke")]
    [InlineData("speed --seeds 0,0", "--seeds")]
    [InlineData("speed --seeds x", "--seeds")]
    [InlineData("speed --smoke --only none-*", "--only")]
    [InlineData("speed --threads 0", "--threads")]
    [InlineData("speed --smoke --data nowhere", "nowhere")]
    [InlineData("speed --unknown", "--unknown")]
    [InlineData("speed --epsilon 7", "--epsilon 7")]
    [InlineData("speed adaptive --smoke", "adaptive: give options")]
    public void Run_BadInput_IsOneLineAndExitCode2(string arguments, string named)
    {
        Run($"{arguments} --out {_folder.File("out")}").Should().Be(SampleProgram.BadInput);

        _error.ToString().Should().StartWith("error: ").And.Contain(named);
        _error.ToString().TrimEnd().Should().NotContain("\n");
    }

    private static string[] Split(string arguments) => arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private int Smoke(string more = "") => Run($"epsilon-sweep --smoke --data {_data} --threads 1 --out {_folder.File("out")} {more}");

    private int Run(string arguments) => SampleProgram.Run(_error, stop =>
        ExperimentProgram.Run(Split(arguments), new Screen(_output, null, new StandingClock()), stop, new StandingClock(), TimeSpan.Zero));

    /// <summary>Runs until a line is written.</summary>
    private void Stop(string line)
    {
        using var dying = new DyingWriter(int.MaxValue, line);
        var arguments = Split($"epsilon-sweep --smoke --data {_data} --threads 1 --out {_folder.File("out")}");
        var screen = new Screen(dying, null, new StandingClock());
        FluentActions.Invoking(() => ExperimentProgram.Run(arguments, screen, default, new StandingClock(), TimeSpan.Zero))
            .Should().Throw<KilledException>();
    }

    private string Folder => Directory.GetDirectories(_folder.File("out/epsilon-sweep")).Single();

    private string RunFile(string name) => Path.Combine(Folder, "runs", name);

    private string Page() => File.ReadAllText(Path.Combine(Folder, "epsilon-sweep.md"));

    private sealed class KilledException : Exception;

    /// <summary>Writes some lines, or up to one, then kills who writes.</summary>
    private sealed class DyingWriter(int lines, string? last = null) : StringWriter
    {
        private int _left = lines;

        public override void WriteLine(string? value)
        {
            if (_left-- == 0 || (last is not null && value?.Contains(last, StringComparison.Ordinal) == true))
                throw new KilledException();
            base.WriteLine(value);
        }
    }
}
