using System.Text;
using System.Text.Json.Nodes;
using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Geometry;

public sealed class SimplexEtfFormatTests
{
    [Fact]
    public void SaveAndLoad_AnyFrame_IsEqual()
    {
        for (var seed = 0; seed < 60; seed++)
        {
            var etf = RandomFrames.Draw(seed);
            var back = Load(Save(etf));
            back.Should().Be(etf);
            back.GetHashCode().Should().Be(etf.GetHashCode());
            SimplexEtfFormat.ReadHeader((JsonObject)JsonNode.Parse(SimplexEtfFormat.Write(etf.Header).ToJsonString())!).Should().Be(etf.Header);
            back.WithScale(etf.Scale + 1).Should().NotBe(etf);
        }
    }

    [Fact]
    public void Save_FactorOfManyNumbers_IsWrittenInPieces()
    {
        var etf = RandomFrames.Of(EtfFrameKind.Nearest, 300, 400, 1);
        var json = Save(etf);
        ((JsonArray)JsonNode.Parse(json)!["factors"]!["matrix"]!).Count.Should().Be(2);
        Load(json).Should().Be(etf);
        ((JsonArray)JsonNode.Parse(Save(RandomFrames.Of(EtfFrameKind.Nearest, 256, 256, 1)))!["factors"]!["matrix"]!).Count.Should().Be(1, "a piece holds 65,536 numbers");
    }

    [Fact]
    public void Save_Header_HasEveryField()
    {
        var header = new SimplexEtfHeader(EtfFrameKind.Random, new FrameShape(30, 9, true), -3, 0.5, 0);
        JsonNode.DeepEquals(JsonNode.Parse(SimplexEtfFormat.Write(header).ToJsonString()), JsonNode.Parse(
            """
            { "format": "etfnet-simplex-etf", "version": 1, "kind": "Random", "rows": 30, "columns": 9, "columnFrame": true, "seed": -3, "scale": 0.5, "rank": 0 }
            """)).Should().BeTrue();
        FluentActions.Invoking(() => SimplexEtfFormat.ReadHeader(null!)).Should().Throw<ArgumentNullException>();
    }

    [Fact]
    public void Load_NoObjectOrANameTwice_Throws()
    {
        FluentActions.Invoking(() => Load("[1]")).Should().Throw<InvalidDataException>().WithMessage("*no JSON object*");
        FluentActions.Invoking(() => Load("{ \"format\": 1, \"format\": 2 }")).Should().Throw<InvalidDataException>().WithMessage("*twice*");
    }

    [Fact]
    public void SaveAndLoad_Streams_StayOpen()
    {
        using var stream = new MemoryStream();
        RandomFrames.Draw(3).Save(stream);
        stream.Position = 0;
        SimplexEtf.Load(stream).Should().Be(RandomFrames.Draw(3));
        stream.CanRead.Should().BeTrue();
    }

    [Theory]
    [InlineData("format", "\"other\"", "*format 'other'*")]
    [InlineData("version", "2", "*version 2*version 1*")]
    [InlineData("version", "\"1\"", "*'version'*")]
    [InlineData("kind", "\"Helmet\"", "*'Helmet'*Identity*")]
    [InlineData("kind", "\"4\"", "*'4'*")]
    [InlineData("rows", "1", "*1 x 9*")]
    [InlineData("rows", "11", "*11 x 9*")]
    [InlineData("rows", "5", "*5 x 8*")]
    [InlineData("rows", "1.5", "*'rows'*")]
    [InlineData("columnFrame", "true", "*column frame*")]
    [InlineData("scale", "0", "*scale 0*")]
    [InlineData("scale", "\"NaN\"", "*'scale'*")]
    [InlineData("scale", "null", "*'scale' is missing*")]
    [InlineData("seed", "3", "*seed 3*")]
    [InlineData("rank", "90", "*rank 90*")]
    [InlineData("factors", "{}", "*lacks its factor 'left'*")]
    [InlineData("factors", "null", "*no 'factors'*")]
    [InlineData("factors", "{\"left\": [\"***\"], \"right\": []}", "*'left'*base64*")]
    [InlineData("factors", "{\"left\": [3], \"right\": []}", "*'left'*base64*")]
    [InlineData("factors", "{\"left\": [\"AAAAAAAAAAA=\"], \"right\": []}", "*'left'*has 8 bytes*float64 numbers have*")]
    [InlineData("factors", "{\"left\": [null], \"right\": []}", "*'left'*base64*")]
    [InlineData("factors", "{\"other\": []}", "*no factor 'other'*")]
    public void Load_WrongField_NamesIt(string field, string value, string message)
    {
        var json = JsonNode.Parse(Save(RandomFrames.Of(EtfFrameKind.Aligned, 9, 9, 1)))!;
        json[field] = JsonNode.Parse(value);
        FluentActions.Invoking(() => Load(json.ToJsonString())).Should().Throw<InvalidDataException>().WithMessage(message);
    }

    [Fact]
    public void Load_NaNInAFactor_Throws()
    {
        var json = JsonNode.Parse(Save(RandomFrames.Of(EtfFrameKind.Nearest, 2, 2, 1)))!;
        var bytes = Convert.FromBase64String(json["factors"]!["matrix"]![0]!.GetValue<string>());
        BitConverter.GetBytes(double.NaN).CopyTo(bytes, 8);
        json["factors"]!["matrix"]![0] = Convert.ToBase64String(bytes);
        FluentActions.Invoking(() => Load(json.ToJsonString())).Should().Throw<InvalidDataException>().WithMessage("*'matrix'*NaN*");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(200)]
    public void Load_CutOff_Throws(int length) =>
        FluentActions.Invoking(() => Load(Save(RandomFrames.Of(EtfFrameKind.Aligned, 9, 9, 1))[..length])).Should().Throw<InvalidDataException>().WithMessage("*cut off*");

    private static string Save(SimplexEtf etf)
    {
        using var stream = new MemoryStream();
        etf.Save(stream);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static SimplexEtf Load(string json)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(json));
        return SimplexEtf.Load(stream);
    }
}
