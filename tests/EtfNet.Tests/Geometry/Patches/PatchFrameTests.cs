using System.Text.Json.Nodes;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Geometry.Patches;

public sealed class PatchFrameTests
{
    private static readonly PatchFrame s_frame = new(SimplexEtf.Create(EtfFrame.Random(7), 16, 144, 1.5).Header, new PatchShape(16, 3, 3));

    [Fact]
    public void WriteAndRead_AnyFrame_GiveItBack()
    {
        foreach (var frame in new[]
        {
            s_frame, s_frame with { Header = s_frame.Header with { Shape = new FrameShape(16, 16, false) } },
            s_frame with { Patch = new PatchShape(144, 1, 1) },
            new PatchFrame(new SimplexEtfHeader(EtfFrameKind.Aligned, new FrameShape(200, 144, true), 0, 2, 31), new PatchShape(16, 1, 9)),
        })
            PatchFrameFormat.Read((JsonObject)JsonNode.Parse(PatchFrameFormat.Write(frame).ToJsonString())!).Should().Be(frame);
        PatchFrameFormat.IsPatchFrame(PatchFrameFormat.Write(s_frame)).Should().BeTrue();
        PatchFrameFormat.IsPatchFrame(SimplexEtfJson.Write(s_frame.Header)).Should().BeFalse();
    }

    [Theory]
    [InlineData("kernel", "null", "*kernel*missing*")]
    [InlineData("kernel", "3", "*kernel*[height, width]*")]
    [InlineData("kernel", "[3]", "*kernel*[height, width]*")]
    [InlineData("kernel", "[3, null]", "*kernel*[height, width]*")]
    [InlineData("kernel", "[3, 2.5]", "*kernel*[height, width]*")]
    [InlineData("kernel", "[3, 0]", "*at least 1*")]
    [InlineData("kernel", "[3, 4]", "*144 columns*192*16*")]
    [InlineData("kernel", "[3000000000, 3000000000]", "*too large*")]
    [InlineData("channels", "null", "*channels*missing*")]
    [InlineData("channels", "\"16\"", "*channels*")]
    [InlineData("channels", "-16", "*at least 1*")]
    [InlineData("rows", "1", "*at least 2 rows*")]
    public void Read_BadField_NamesIt(string name, string value, string message)
    {
        var json = PatchFrameFormat.Write(s_frame);
        json[name] = JsonNode.Parse(value);
        FluentActions.Invoking(() => PatchFrameFormat.Read(json)).Should().Throw<EtfStateException>().WithMessage(message);
    }


    [Theory]
    [InlineData(1, 16)]
    [InlineData(15, 16)]
    [InlineData(16, 32)]
    [InlineData(31, 32)]
    [InlineData(40, 48)]
    public void FactorWidth_AnyRank_IsTheNextSixteen(long rank, long width) => PatchFrame.FactorWidth(rank).Should().Be(width);
}
