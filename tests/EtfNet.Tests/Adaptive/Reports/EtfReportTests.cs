using System.Text;
using System.Text.Json;
using EtfNet.Tests.Adaptive.History;
using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Adaptive.Reports;

public sealed class EtfReportTests
{
    [Fact]
    public void Indexer_UnknownLayer_NamesThoseThereAre()
    {
        var report = SampleHistory.Report(7);
        report["fc2"].Name.Should().Be("fc2");
        report.Invoking(r => r["fc9"]).Should().Throw<KeyNotFoundException>().WithMessage("*'fc9'*fc1, fc2*");
    }

    [Fact]
    public void ToCsv_TwoEpochs_AppendUnderOneHeading()
    {
        using var _ = new CommaCulture();
        var lines = (SampleHistory.Report(5).ToCsv() + SampleHistory.Report(6).ToCsv(heading: false)).Split("\r\n");
        lines.Should().HaveCount(1 + 5 + 5 + 1);
        lines[0].Should()
            .Be("epoch,layer,nccError,nccErrorLow,nccErrorHigh,isFixed,isOnTrial,fixedAtEpoch,frame,rank,outputError,decision,note");
        lines[1].Should().StartWith("5,fc1,0.").And.Contain(",false,false,,,,,NotJudged,");
        lines[10].Should().StartWith("6,\"<head> & \"\"co\"\"\",0.").And.Contain(",true,false,6,aligned,31,0.125,NotJudged,");
    }

    [Fact]
    public void ToCsv_MissingError_IsEmpty() => SampleHistory.Report(2).ToCsv().Split("\r\n")[1].Should().StartWith("2,fc1,,");

    [Fact]
    public void ToJson_Report_HasLayersAndWhatWasDone()
    {
        using var _ = new CommaCulture();
        using var json = JsonDocument.Parse(SampleHistory.Report(9).ToJson());
        var root = json.RootElement;
        root.GetProperty("epoch").GetInt32().Should().Be(9);
        root.GetProperty("effectiveDepth").GetInt32().Should().Be(4);
        root.GetProperty("newlyFixed")[0].GetString().Should().Be("fc2");
        root.GetProperty("skipped")[0].GetProperty("parameters").GetInt64().Should().Be(1000);
        var layer = root.GetProperty("layers")[1];
        layer.GetProperty("isFixed").GetBoolean().Should().BeTrue();
        layer.GetProperty("nccError").GetDouble().Should().Be(SampleHistory.Report(9)["fc2"].NccError);
        layer.GetProperty("fix").GetProperty("frame").GetString().Should().Be("aligned columns");
        root.GetProperty("layers")[0].GetProperty("fix").ValueKind.Should().Be(JsonValueKind.Null);

        using var early = JsonDocument.Parse(SampleHistory.Report(2).ToJson());
        early.RootElement.GetProperty("effectiveDepth").ValueKind.Should().Be(JsonValueKind.Null);
        early.RootElement.GetProperty("layers")[0].GetProperty("nccError").ValueKind.Should().Be(JsonValueKind.Null);
    }

    [Fact]
    public void WriteTo_SummaryWriter_WritesErrorsAndWhatIsFixed()
    {
        using var folder = new TemporaryFolder();
        SampleHistory.Report(2, ["a", "b", ""]).WriteTo(utils.tensorboard.SummaryWriter(folder.Path), 2);
        var files = Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories);
        var text = string.Concat(files.Select(file => File.ReadAllText(file, Encoding.Latin1)));
        text.Should()
            .Contain("etf/nccError/b").And.Contain("etf/isFixed/a").And.Contain("etf/nccError/model").And.Contain("etf/fixedLayers")
            .And.NotContain("etf/nccError/a").And.NotContain("etf/effectiveDepth");
        SampleHistory.Report(2).Invoking(report => report.WriteTo(null!, 1)).Should().Throw<ArgumentNullException>();
    }

    [Theory]
    [InlineData(EtfFrameKind.Aligned, false, "aligned")]
    [InlineData(EtfFrameKind.Nearest, true, "nearest columns")]
    [InlineData(EtfFrameKind.DenseRandom, false, "denserandom")]
    public void FixedFrame_TextAndJson_ReadBack(EtfFrameKind kind, bool isColumnFrame, string text)
    {
        var frame = new FixedFrame(kind, isColumnFrame);
        frame.ToString().Should().Be(text);
        var json = JsonSerializer.Serialize(frame);
        json.Should().Be($"\"{text}\"");
        JsonSerializer.Deserialize<FixedFrame>(json).Should().Be(frame);
    }

    [Theory]
    [InlineData("\"round\"")]
    [InlineData("\"\"")]
    [InlineData("3")]
    [InlineData("null")]
    public void FixedFrame_OtherJson_IsRefused(string json) =>
        ((Action)(() => JsonSerializer.Deserialize<FixedFrame>(json))).Should().Throw<JsonException>();
}
