using System.Diagnostics.Metrics;
using System.Text.Json;
using System.Text.Json.Nodes;
using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Collapse.Reports;

public sealed class CollapseReportTests
{
    private static readonly CollapseReport Report = Of(
        new LayerCollapse
        {
            Name = "fc1",
            FeaturePoint = "after BatchNorm1d, ReLU",
            NccError = 0.125,
            Interval = new(0.1, 0.15),
            Samples = 800,
            Observed = 3200,
            Width = 400,
            PresentClasses = 10,
            Equinorm = 0.5,
        },
        new LayerCollapse { Name = "", FeaturePoint = "own output", Reason = "never \"fired\", yet", Cdnv = double.PositiveInfinity });

    private static readonly CollapseReport Full = new()
    {
        IsExact = true,
        Epoch = 3,
        Layers =
        [
            Report.Layers[0] with
            {
                Name = "out", FeaturePoint = "own", NonFinite = 6, WithinRounding = 5, Nc1 = 0.0625, Nc1Rank = 9, TraceQuotient = 0.375,
                Cdnv = 0.625, Equinorm = 0.875, Equiangularity = 1.5, GramDeviation = 2.125, SelfDuality = 2.375, Nc4Mismatch = 0.25,
            },
        ],
    };

    [Theory]
    [InlineData(new[] { 0.5, 0.01, 0.2, 0.05, 0.0 }, 4)]
    [InlineData(new[] { 0.05, 0.05 }, 1)]
    [InlineData(new[] { 0.01, 0.06 }, null)]
    [InlineData(new[] { 0.01, double.NaN }, null)]
    [InlineData(new[] { double.NaN, 0.01 }, 2)]
    public void EffectiveDepth_Errors_FirstLayerFromWhichAllAreAtOrBelow(double[] errors, int? depth) =>
        Of([.. errors.Select((error, i) =>
            new LayerCollapse { Name = $"{i}", FeaturePoint = "", NccError = double.IsNaN(error) ? null : error })])
            .EffectiveDepth(0.05).Should().Be(depth);

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1)]
    [InlineData(double.NaN)]
    public void EffectiveDepth_EpsilonOutOfRange_Throws(double epsilon) =>
        Report.Invoking(r => r.EffectiveDepth(epsilon)).Should().Throw<ArgumentOutOfRangeException>();

    [Fact]
    public void EffectiveDepth_OfNoErrorAtAll_IsTaken() =>
        Of(new LayerCollapse { Name = "a", FeaturePoint = "", NccError = 0 }).EffectiveDepth(0).Should().Be(1);

    [Fact]
    public void Indexer_UnknownLayer_NamesThoseThereAre()
    {
        Report["fc1"].Samples.Should().Be(800);
        Report.Invoking(r => r["fc9"]).Should().Throw<KeyNotFoundException>().WithMessage("*fc9*fc1*");
    }

    [Fact]
    public void ToString_Report_IsATableOfWhatThereIs()
    {
        using var _ = new CommaCulture();
        Report.ToString().ReplaceLineEndings("\n").Should().Be(
            """
            Collapse, online, epoch 3; 2 training forwards had no labels
              layer    NCC error   95% interval  scored  observed  classes  width      CDNV  equinorm  features
              fc1         0.1250  0.1000-0.1500     800      3200       10    400                 0.5  after BatchNorm1d, ReLU
              (model)                                 0         0        0      0  Infinity            own output
              (model): never "fired", yet
            """.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void ToString_ExactReportOfEveryNumber_ShowsThemAll() =>
        Full.ToString().ReplaceLineEndings("\n").Split('\n').Should().Equal(
            "Collapse, exact",
            "  layer  NCC error   95% interval  scored  observed  classes  width"
            + "     NC1  tr Sw/tr Sb   CDNV  equinorm  equiangle   Gram    NC3     NC4  features",
            "  out       0.1250  0.1000-0.1500     800      3200       10    400"
            + "  0.0625        0.375  0.625     0.875        1.5  2.125  2.375  0.2500  own");

    [Fact]
    public void ToJson_Report_HasEveryField()
    {
        using var _ = new CommaCulture();
        var json = JsonNode.Parse(Full.ToJson());
        var wanted = JsonNode.Parse(
            """
            {
              "version": 1, "isExact": true, "epoch": 3, "unlabeledForwards": 0,
              "layers": [
                {
                  "name": "out", "featurePoint": "own", "hasPlace": true, "samples": 800, "observed": 3200, "nonFinite": 6,
                  "withinRounding": 5, "presentClasses": 10, "width": 400,
                  "nccError": 0.125, "nccErrorLow": 0.1, "nccErrorHigh": 0.15, "nc1": 0.0625, "traceQuotient": 0.375, "cdnv": 0.625,
                  "equinorm": 0.875, "equiangularity": 1.5, "gramDeviation": 2.125, "selfDuality": 2.375, "nc4Mismatch": 0.25,
                  "nc1Rank": 9, "reason": null
                }
              ]
            }
            """);
        JsonNode.DeepEquals(json, wanted).Should().BeTrue(json!.ToJsonString());
    }

    [Fact]
    public void ToJson_MissingOrInfiniteNumbers_AreNullOrText()
    {
        using var json = JsonDocument.Parse(Report.ToJson());
        var layers = json.RootElement.GetProperty("layers");
        json.RootElement.GetProperty("isExact").GetBoolean().Should().BeFalse();
        json.RootElement.GetProperty("unlabeledForwards").GetInt32().Should().Be(2);
        layers.GetArrayLength().Should().Be(2);
        layers[0].GetProperty("nc1").ValueKind.Should().Be(JsonValueKind.Null);
        layers[0].GetProperty("nc1Rank").ValueKind.Should().Be(JsonValueKind.Null);
        layers[1].GetProperty("cdnv").GetString().Should().Be("Infinity");
        layers[1].GetProperty("reason").GetString().Should().Be("never \"fired\", yet");
    }

    [Fact]
    public void ToCsv_Report_QuotesAndKeepsEveryDigit()
    {
        var lines = (Report with { Layers = [Report.Layers[0] with { NccError = 1.0 / 3 }, Report.Layers[1]] }).ToCsv().Split("\r\n");
        lines[0].Should().StartWith("epoch,layer,samples,observed,nonFinite,withinRounding,presentClasses,width,nccError,")
            .And.EndWith(",features,reason");
        lines[1].Should().StartWith("3,fc1,800,3200,0,0,10,400,0.3333333333333333,0.1,0.15,").And.Contain("\"after BatchNorm1d, ReLU\"");
        lines[2].Should().EndWith("own output,\"never \"\"fired\"\", yet\"");
        lines.Should().HaveCount(4);
    }

    [Fact]
    public void ToCsv_WithoutHeading_AppendsLinesOfItsEpoch()
    {
        var file = Full.ToCsv() + (Full with { Epoch = 4 }).ToCsv(heading: false);
        var lines = file.Split("\r\n");
        lines.Should().HaveCount(4);
        lines.Select(line => line.Split(',')[0]).Should().Equal("epoch", "3", "4", "");
    }

    [Fact]
    public void WriteTo_SummaryWriter_WritesOneScalarPerNumber()
    {
        var folder = Directory.CreateTempSubdirectory("etfnet-");
        try
        {
            Report.WriteTo(utils.tensorboard.SummaryWriter(folder.FullName), 3);
            var text = string.Concat(folder.GetFiles("*", SearchOption.AllDirectories)
                .Select(file => File.ReadAllText(file.FullName, System.Text.Encoding.Latin1)));
            text.Should().ContainAll("collapse/nccError/fc1", "collapse/equinorm/fc1", "collapse/cdnv/model")
                .And.NotContain("nccError/model");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void EndEpoch_Listened_RecordsGaugesByLayer()
    {
        using var scope = NewDisposeScope();
        using var model = nn.Sequential(("instrumented", nn.Linear(4, 3)));
        using var monitor = new NccMonitor(model);
        using var listener = new MeterListener();
        var found = new List<(string Instrument, double Value)>();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == "EtfNet")
                self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
        {
            foreach (var tag in tags)
                if (tag is { Key: "layer", Value: "instrumented" })
                    found.Add((instrument.Name, value));
        });
        listener.Start();

        CollapseReport? report = null;
        for (var epoch = 0; epoch < 2; epoch++)
        {
            Watched.Epoch(model, monitor, Watched.Data(30, 4, 3, 1), 10);
            report = monitor.EndEpoch();
        }

        found.Should().Contain(("etfnet.collapse.nccError", report!["instrumented"].NccError!.Value));
        found.Should().Contain(("etfnet.collapse.gramDeviation", report["instrumented"].GramDeviation!.Value));
    }

    private static CollapseReport Of(params LayerCollapse[] layers) => new() { Layers = layers, Epoch = 3, UnlabeledForwards = 2 };
}
