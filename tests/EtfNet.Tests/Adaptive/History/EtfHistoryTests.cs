using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Adaptive.History;

public sealed class EtfHistoryTests
{
    private static readonly XNamespace s_none = XNamespace.None;

    [Fact]
    public void Add_AnotherModelOrEpoch_ThrowsAndAddsNothing()
    {
        var history = SampleHistory.Of(3);
        history.Invoking(h => h.Add(null!)).Should().Throw<ArgumentNullException>();
        history.Invoking(h => h.Add(SampleHistory.Report(3)))
            .Should().Throw<ArgumentException>().WithMessage("*epoch 3*already has epoch 3*");
        history.Invoking(h => h.Add(SampleHistory.Report(2))).Should().Throw<ArgumentException>().WithMessage("*epoch 2*");
        history.Invoking(h => h.Add(SampleHistory.Report(4, ["a", "b"]))).Should().Throw<ArgumentException>()
            .WithMessage("*'a', 'b'*'fc1'*new history*");
        history.Epochs.Should().HaveCount(3);
        history.Add(SampleHistory.Report(5));
        history.Epochs[^1].Figures.Should().Be(new EpochFigures());
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(93)]
    [InlineData(double.NaN)]
    public void Figures_OutOfRange_Throw(double value)
    {
        ((Action)(() => _ = new EpochFigures { Accuracy = value })).Should().Throw<ArgumentOutOfRangeException>();
        ((Action)(() => _ = new EtfHistory { Epsilon = value })).Should().Throw<ArgumentOutOfRangeException>();
        ((Action)(() => _ = new EpochFigures { Seconds = -Math.Abs(value) })).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void ToCsv_History_HasALinePerEpochAndAColumnPerLayer()
    {
        using var _ = new CommaCulture();
        var lines = SampleHistory.Of(12).ToCsv().Split("\r\n");
        lines.Should().HaveCount(14);
        lines[0].Should().Be(
            "epoch,loss,accuracy,seconds,fixedLayers,effectiveDepth,trainableParameters,weightBytes,gradientBytes,optimizerBytes,"
            + "newlyFixed,reverted,nccError/fc1,nccError/fc2,nccError/fc3,nccError/fc4,\"nccError/<head> & \"\"co\"\"\"");
        lines[2].Split(',')[12].Should().BeEmpty("fc1 has no error in epoch 2");
        lines[9].Should().Contain(",2,4,600000,4800000,3600000,7200000,fc2,,0.");
        lines[12].Should().Contain(",,fc2,0.");
        SampleHistory.Of(12).ToCsv(heading: false).Should().Be(string.Join("\r\n", lines.Skip(1)));
        SampleHistory.Of(1, withFigures: false).ToCsv().Split("\r\n")[1].Should().StartWith("1,,,,0,,,,,,,,0.");
    }

    [Fact]
    public void ToJson_History_HasFiguresAndReports()
    {
        using var json = JsonDocument.Parse(SampleHistory.Of(2).ToJson());
        var epochs = json.RootElement.GetProperty("epochs");
        json.RootElement.GetProperty("epsilon").GetDouble().Should().Be(0.1);
        epochs.GetArrayLength().Should().Be(2);
        epochs[1].GetProperty("report").GetProperty("epoch").GetInt32().Should().Be(2);
        epochs[1].GetProperty("footprint").GetProperty("optimizerBytes").GetInt64().Should().Be(9_600_000);
        using var plain = JsonDocument.Parse(SampleHistory.Of(1, withFigures: false).ToJson());
        plain.RootElement.GetProperty("epochs")[0].GetProperty("footprint").ValueKind.Should().Be(JsonValueKind.Null);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(30)]
    [InlineData(300)]
    public void SaveHtml_AnyLength_IsOneWellFormedPageWithoutScriptsOrNetwork(int epochs)
    {
        using var _ = new CommaCulture();
        var page = Page(SampleHistory.Of(epochs));
        page.Should().StartWith("<!DOCTYPE html>").And.NotContain("<script").And.NotContain("http").And.NotContain("NaN");
        var body = Body(page);
        Curves(body).Should().Be(epochs == 0 ? 0 : 7, "errors, layers, parameters, bytes, loss, accuracy, seconds");
        page.Should().Contain("MLP &lt;on&gt; Fashion-MNIST").And.NotContain("<on>");
    }

    [Fact]
    public void SaveHtml_FixesAndRevert_AreMarkedOnTheirCurvesAndListed()
    {
        var body = Body(Page(SampleHistory.Of(14)));
        var titles = body.Descendants(s_none + "title").Select(title => title.Value).ToList();
        titles.Should().Contain("<head> & \"co\": fixed at epoch 6, aligned").And.Contain("fc2: fixed at epoch 9, aligned columns")
            .And.Contain("fc2: reverted at epoch 12");
        var rows = body.Descendants("tr").Skip(1).Select(row => string.Join('|', row.Elements().Select(cell => cell.Value))).ToList();
        rows.Should().Equal(
            "6|<head> & \"co\"|fixed|aligned|31|0.0500|0.1250|300,000", "9|fc2|fixed|aligned columns|31|0.0500|0.1250|300,000",
            "12|fc2|reverted|||||");
    }

    /// <summary>The curve of fc1, read back from the picture, is that of its errors, and interrupted where it has none.</summary>
    [Fact]
    public void SaveHtml_CurveOfALayer_HasItsErrorsInItsShape()
    {
        var history = SampleHistory.Of(10);
        var path = Body(Page(history)).Descendants("path").First().Attribute("d")!.Value;
        path.Split('M', StringSplitOptions.RemoveEmptyEntries).Should().HaveCount(2, "epoch 2 has no error");
        var heights = path.Split('M', 'L').Where(part => part.Length > 0).Select(part => -double.Parse(
            part.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture)).ToArray();
        var errors = history.Epochs.Select(epoch => epoch.Report["fc1"].NccError).OfType<double>().ToArray();
        heights.Should().HaveSameCount(errors);
        var scale = (heights[0] - heights[^1]) / (errors[0] - errors[^1]);
        for (var i = 0; i < errors.Length; i++)
            (heights[i] - heights[0]).Should().BeApproximately(scale * (errors[i] - errors[0]), 0.11);
    }

    [Fact]
    public void SaveHtml_LossThatIsNotANumber_LeavesAGap()
    {
        var history = new EtfHistory();
        for (var epoch = 1; epoch <= 3; epoch++)
            history.Add(SampleHistory.Report(epoch), new EpochFigures { Loss = epoch == 2 ? double.NaN : 1 });
        Page(history).Should().NotContain("NaN");
        using var json = JsonDocument.Parse(history.ToJson());
        json.RootElement.GetProperty("epochs")[1].GetProperty("loss").GetString().Should().Be("NaN");
    }

    [Fact]
    public void SaveHtml_PathThatCannotBeWritten_ThrowsAndKeepsTheOldFile()
    {
        using var folder = new TemporaryFolder();
        var history = SampleHistory.Of(3);
        history.Invoking(h => h.SaveHtml((string)null!)).Should().Throw<ArgumentNullException>();
        history.Invoking(h => h.SaveHtml((Stream)null!)).Should().Throw<ArgumentNullException>();
        history.Invoking(h => h.SaveHtml(folder.File("missing/history.html"))).Should().Throw<IOException>();
        Directory.CreateDirectory(folder.File("history.html"));
        var thrown = Record.Exception(() => history.SaveHtml(folder.File("history.html")));
        (thrown is IOException or UnauthorizedAccessException).Should().BeTrue(thrown?.ToString());
        Directory.GetFiles(folder.Path).Should().BeEmpty("no part of a page is left");

        var file = folder.File("old.html");
        history.SaveHtml(file);
        File.ReadAllText(file).Should().Be(Page(history));
    }

    private static string Page(EtfHistory history)
    {
        using var stream = new MemoryStream();
        history.SaveHtml(stream);
        stream.CanWrite.Should().BeTrue();
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static XElement Body(string page) =>
        XElement.Parse(page[page.IndexOf("<body>", StringComparison.Ordinal)..page.LastIndexOf("</html>", StringComparison.Ordinal)]);

    private static int Curves(XElement body) => body.Elements("figure").Count(figure => figure.Descendants("path").Any());
}
