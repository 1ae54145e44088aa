using EtfNet.Benchmarks.Growth;
using EtfNet.Benchmarks.Measuring;
using EtfNet.Benchmarks.Measuring.Limits;
using EtfNet.Benchmarks.Report;
using EtfNet.Benchmarks.Ratios;
using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Benchmarks;

public sealed class ReportTests
{
    private static readonly MachineLimits s_limits = new(new BandwidthCurve([(1 << 20, 1e10)]), 5e10, 2.5e10);

    [Theory]
    [InlineData(0.0123, "12.3 us")]
    [InlineData(1, "1.00 ms")]
    [InlineData(123.4, "123 ms")]
    [InlineData(99.97, "100 ms")]
    [InlineData(2500, "2.50 s")]
    public void Milliseconds_AnyTime_HasThreeDigitsAndAUnit(double value, string text) => Units.Milliseconds(value).Should().Be(text);

    [Theory]
    [InlineData(0.0, "0x")]
    [InlineData(0.0000234, "0.0000234x")]
    [InlineData(0.5, "0.500x")]
    [InlineData(12.34, "12.3x")]
    [InlineData(123456.0, "123456x")]
    public void Factor_AnySize_HasThreeDigits(double value, string text) => Units.Factor(value).Should().Be(text);

    [Theory]
    [InlineData(512.0, "512 B")]
    [InlineData(1536.0, "1.50 KiB")]
    [InlineData(3.0 * (1 << 30), "3.00 GiB")]
    [InlineData(0.0, "-")]
    [InlineData(null, "-")]
    public void Bytes_AnySize_HasThreeDigitsAndAUnit(double? value, string text) => Units.Bytes(value).Should().Be(text);

    [Fact]
    public void Render_EverySection_SaysWhatWasMeasured()
    {
        var text = ReportDocument.Render(Data());
        text.Should().StartWith("# machine\n\n- processor: a fast one\n- command: `report`\n");
        text.Should().MatchRegex(@"\| identity +\| +128 \| +4096 \|.*\| +1\.00 ms \| +40\.0 ms \| +0\.0250 \|");
        text.Should().MatchRegex(@"\| nccOverhead .*\| +1\.0060 \| +1\.0040 to 1\.0080 \|");
        // 1 MiB in 0.2 ms at 10 GB/s is about half a copy; 5 million operations in 0.2 ms at 50 Gflop/s are half the rate.
        text.Should().MatchRegex(@"\| NccScoring .*\| Library +\| +200 us \| +1\.00x \| +1\.00 MiB \| +5\.00 M \| +0\.52 \| +0\.50 \|");
        text.Should().MatchRegex(@"\| line +\| +1\.00 ms \| +2\.00 ms \| +1\.00 \| +1\.00 \| 1\.000 \|");
        text.Should().Contain("![cost over width](machine-width.png)");
    }

    [Fact]
    public void Excerpt_AllMeasured_HasItsLinesInTheReport()
    {
        var excerpt = Excerpt.Table(Data()).ToString();
        excerpt.Should().Contain("40.0x faster").And.Contain("+0.6% time").And.Contain("5.00x faster");
        FigureCheck.Missing(excerpt, [ReportDocument.Render(Data())]).Should().BeEmpty();
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
        FigureCheck.FigureLines(excerpt).Count().Should().Be(reports.Length == 0 ? 0 : 5, "the README shows five lines of a report, where there is one");
        foreach (var picture in FigureCheck.Pictures(excerpt))
            File.Exists(Repository.Path(picture)).Should().BeTrue($"the README shows {picture}");
        (reports.Length == 0 || FigureCheck.Pictures(excerpt).Any()).Should().BeTrue("the README shows a picture of a report, where there is one");
    }

    [Fact]
    public void Read_WhatRatiosWrites_KeepsPairedRatioAndInterval()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("ratios.json");
        var result = new RatioResult("nccOverhead", 128, 1024, null, 10.1, "plain", 10) { PairedRatio = 1.006, Interval = [1.004, 1.008], Pairs = 9 };
        File.WriteAllText(file, System.Text.Json.JsonSerializer.Serialize<RatioResult[]>([result], System.Text.Json.JsonSerializerOptions.Web));
        var line = RatioLine.Read(file).Should().ContainSingle().Subject;
        line.Should().BeEquivalentTo(new RatioLine("nccOverhead", 128, 1024, null, 10.1, "plain", 10, 1.006, [1.004, 1.008]));
    }

    private static ReportData Data() => new("machine", [("processor", "a fast one"), ("command", "`report`")], s_limits)
    {
        Ratios =
        [
            new RatioLine("identity", 128, 4096, null, 1, "frozenDense", 40, 0.025, null),
            new RatioLine("nccOverhead", 128, 1024, null, 10.06, "trainingStepUnmonitored", 10, 1.006, [1.004, 1.008]),
        ],
        Works =
        [
            ("Kernels",
            [
                new WorkResult("NccScoring", "60000x1024 of 10", "Library", 0.2, new Cost(1 << 20, 5e6)) { OfFirst = 1, LiveTensorBytes = 4096 },
                new WorkResult("NccScoring", "60000x1024 of 10", "CdistArgmin", 1, new Cost(1 << 20, 5e6)) { OfFirst = 5 },
            ]),
        ],
        Growth = [(new MeasuredGrowth(new GrowthPlot("width", "of a line", []), [new GrowthCurve("line", [(1, 1), (2, 2)])]), "machine-width.png")],
    };
}
