using EtfNet.Benchmarks.Commands;
using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Benchmarks;

public sealed class ReportTests
{
    private static readonly string s_script = Repository.Path("src/EtfNet.Benchmarks/report/report.py");

    /// <summary>The script that makes a report has tests in its own language.</summary>
    [ReportScriptFact]
    public void Script_ItsOwnTests_Pass()
    {
        var test = Repository.Path("tests/EtfNet.Tests/Benchmarks/report_test.py");
        var (code, _, error) = ReportScriptFactAttribute.Run(test, Repository.Path("src/EtfNet.Benchmarks/report"));
        code.Should().Be(0, error);
        error.Should().MatchRegex(@"Ran \d+ tests");
    }

    [ReportScriptFact]
    public void Script_WhatRatiosWrites_IsAPage()
    {
        using var folder = new TemporaryFolder();
        var json = folder.File("ratios.json");
        string[] ratios = ["ratios", "--only", "identityConstruction", "--seconds", "0.01", "--threads", "1", "--json", json];
        BenchmarkProgram.Run(ratios, TextWriter.Null, TextWriter.Null).Should().Be(0);
        ReportScriptFactAttribute.Run(s_script, "machine", "--ratios", json, "--out", folder.File("")).Code.Should().Be(0);
        var page = File.ReadAllText(folder.File("machine.md"));
        page.Should().StartWith("# machine").And.Contain("- threads: 1");
        page.Should().MatchRegex(@"\| identityConstruction \| +\| +16384 \| +\| dense4096Construction \|");
    }

    [ReportScriptFact]
    public void Script_FileOfAnotherKind_SaysSoInOneLine()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("broken.json"), "{");
        foreach (var name in new[] { "broken.json", "absent.json" })
        {
            var (code, _, error) = ReportScriptFactAttribute.Run(s_script, "machine", "--ratios", folder.File(name));
            code.Should().Be(2);
            error.Trim().Should().Contain("ratios --json").And.NotContain("\n");
        }
    }

    [Fact]
    public void Missing_LineThatNoReportHas_IsNamed()
    {
        string[] reports = ["text\n| a    |  1.5 ms | 2x |\n", "| b | 3 |"];
        FigureCheck.Missing("| what | time |\n| --- | ---: |\n| a | 1.5 ms | 2x |\n| b | 3 |", reports).Should().BeEmpty();
        FigureCheck.Missing("| a | 1.6 ms | 2x |", reports).Should().Equal("| a | 1.6 ms | 2x |");
        FigureCheck.Missing("| a | 1.5 ms | 3 |", reports).Should().ContainSingle();
        FigureCheck.Missing("about 5 times faster", reports).Should().ContainSingle("a figure beside the table comes from nowhere");
    }

    /// <summary>Once a report is committed, the README has its excerpt; figures without a report are an error at any time.</summary>
    [Fact]
    public void Readme_Benchmarks_AreThoseOfACommittedReport()
    {
        var folder = Repository.Path("src/EtfNet.Benchmarks/results");
        var reports = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.md").Select(File.ReadAllText).ToArray() : [];
        var excerpt = FigureCheck.Excerpt(File.ReadAllText(Repository.Path("README.md")));
        FigureCheck.Missing(excerpt, reports).Should().BeEmpty();
        FigureCheck.FigureLines(excerpt).Count().Should().Be(reports.Length == 0 ? 0 : 5, "the README shows five lines of a report");
        foreach (var picture in FigureCheck.Pictures(excerpt))
            File.Exists(Repository.Path(picture)).Should().BeTrue($"the README shows {picture}");
        (reports.Length == 0 || FigureCheck.Pictures(excerpt).Any()).Should().BeTrue("the README shows a picture of a report");
    }
}
