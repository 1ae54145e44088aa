using System.Text.Json;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Depth;

public sealed class DepthReportTests
{
    private static readonly DepthReport s_report = new()
    {
        Layers =
        [
            Layer("a", 0.70, 0.80),
            Layer("b", 0.97, 0.90) with { CutObstacle = "it is inside \"x\", say" },
            Layer("c", 0.90, 0.896),
            Layer("unused", null, null) with { Width = 0, Reason = "no call of it was seen" },
            Layer("d", 0.96, 0.91),
            Layer("e", 0.98, 0.95),
        ],
        ModelAccuracy = 0.90,
        Parameters = 1000,
        Microseconds = 10,
        TrainingSamples = 200,
        HeldOutSamples = 100,
        ClassCount = 10,
        Tolerance = 0.005,
    };

    [Theory]
    [InlineData(0.05, 5)]
    [InlineData(0.02, 6)]
    [InlineData(0.1, 2)]
    [InlineData(0.3, 1)]
    [InlineData(0.01, null)]
    public void EffectiveDepth_IsTheFirstLayerFromWhichAllAreAtMostEpsilon(double epsilon, int? depth) =>
        s_report.EffectiveDepth(epsilon).Should().Be(depth);

    [Theory]
    [InlineData(0.005, "c")]
    [InlineData(0.004, "c")]
    [InlineData(0.003, "d")]
    [InlineData(0.1, "a")]
    public void FindCut_IsTheFirstLayerWithinTheToleranceThatTheModelCanBeCutBehind(double tolerance, string layer) =>
        s_report.FindCut(tolerance)!.Name.Should().Be(layer);

    [Fact]
    public void FindCut_ModelIsBetterThanAll_IsNull() =>
        (s_report with { ModelAccuracy = 0.99 }).FindCut(0.005).Should().BeNull();

    [Fact]
    public void FindCut_ModelUnknown_TakesTheLastLayersHead() =>
        (s_report with { ModelAccuracy = null }).FindCut(0.05)!.Name.Should().Be("d");

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1)]
    [InlineData(double.NaN)]
    public void Queries_OutOfRange_Throw(double value)
    {
        var depth = () => s_report.EffectiveDepth(value);
        var cut = () => s_report.FindCut(value);
        depth.Should().Throw<ArgumentOutOfRangeException>();
        cut.Should().Throw<ArgumentOutOfRangeException>();
        var unknown = () => s_report["z"];
        unknown.Should().Throw<KeyNotFoundException>().WithMessage("*'z'*a, b, c*");
    }

    [Fact]
    public void ToJson_HasEveryNumberAndNullForMissingOnes()
    {
        using var json = JsonDocument.Parse(s_report.ToJson());
        var root = json.RootElement;
        root.GetProperty("shallowestCut").GetString().Should().Be("c");
        root.GetProperty("modelAccuracy").GetDouble().Should().Be(0.9);
        var layers = root.GetProperty("layers");
        layers.GetArrayLength().Should().Be(6);
        layers[1].GetProperty("ridgeAccuracy").GetDouble().Should().Be(0.9);
        layers[1].GetProperty("cutObstacle").GetString().Should().Contain("\"x\"");
        layers[3].GetProperty("centerAccuracy").ValueKind.Should().Be(JsonValueKind.Null);
    }

    [Fact]
    public void ToCsv_HasALinePerLayerAndQuotesText()
    {
        var lines = s_report.ToCsv().Split("\r\n");
        lines.Should().HaveCount(8);
        lines[0].Should().StartWith("layer,centerAccuracy,ridgeAccuracy,parameters,microseconds");
        lines[2].Should().StartWith("b,0.97,0.9,").And.EndWith("own output,\"it is inside \"\"x\"\", say\",");
        lines[4].Should().StartWith("unused,,,");
    }

    [Fact]
    public void ToString_IsATableThatNamesTheCut()
    {
        var text = s_report.ToString();
        text.Should()
            .StartWith("Depth: heads of 200 training samples on 100 held out; the model's accuracy 0.9000, 1,000 parameters, 10 us/sample");
        text.Should().MatchRegex(@"\n  b +0\.9700 +0\.9000").And.Contain("behind c").And.Contain("unused: no call of it was seen");
        (s_report with { ModelAccuracy = 0.99 }).ToString().Should().Contain("no cut within 0.005");
    }

    private static DepthLayer Layer(string name, double? center, double? ridge) => new()
    {
        Name = name,
        FeaturePoint = "own output",
        Width = 8,
        CenterAccuracy = center,
        RidgeAccuracy = ridge,
        Parameters = 100,
        Microseconds = 2.5,
        TimeShare = 0.25,
        Head = new DepthHead(name, new HeadPlace(name, ""), new HeadShape(8, 10, FeaturePooling.EachPosition), new double[80],
            new double[10], 1),
    };
}
