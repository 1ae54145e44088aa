using System.Text.Json.Nodes;
using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Geometry;

public sealed class SimplexEtfFormatTests
{
    [SeededProperty(60)]
    public void SaveAndLoad_AnyFrame_IsEqual(int seed)
    {
        var etf = RandomFrames.Draw(seed);
        var back = Load(Save(etf));
        back.Should().Be(etf);
        back.GetHashCode().Should().Be(etf.GetHashCode());
        SimplexEtfJson.Read((JsonObject)JsonNode.Parse(SimplexEtfJson.Write(etf.Header).ToJsonString())!)
            .Should().Be(etf.Header);
        SimplexEtfHeader.FromNumbers(etf.Header.ToNumbers()).Should().Be(etf.Header);
        back.WithScale(etf.Scale + 1).Should().NotBe(etf);
    }

    [Fact]
    public void SaveAndLoad_Path_IsEqual()
    {
        using var folder = new TemporaryFolder();
        var etf = RandomFrames.Draw(4);
        etf.Save(folder.File("frame.safetensors"));
        SimplexEtf.Load(folder.File("frame.safetensors")).Should().Be(etf);
        File.ReadAllBytes(folder.File("frame.safetensors")).Should().Equal(Save(etf));
        File.WriteAllBytes(folder.File("frame.safetensors"), Save(etf)[..^8]);
        FluentActions.Invoking(() => SimplexEtf.Load(folder.File("frame.safetensors"))).Should().Throw<EtfStateException>()
            .WithMessage($"{folder.File("frame.safetensors")}: *");
    }

    [Fact]
    public void Save_Factors_AreTensorsOfTheirShapes()
    {
        var state = SafetensorsBytes.Read(Save(RandomFrames.Of(EtfFrameKind.Aligned, 9, 7, 1)));
        state.Kind.Should().Be("frame");
        state.Tensors["left"].ToString().Should().Be("F64 (9, 8)");
        state.Tensors["right"].ToString().Should().Be("F64 (7, 8)");
        SafetensorsBytes.Read(Save(RandomFrames.Of(EtfFrameKind.Random, 9, 7, 1))).Tensors.Should().BeEmpty();
    }

    [Fact]
    public void Save_Header_HasEveryField()
    {
        var header = new SimplexEtfHeader(EtfFrameKind.Random, new FrameShape(30, 9, true), -3, 0.5, 0);
        JsonNode.DeepEquals(JsonNode.Parse(SimplexEtfJson.Write(header).ToJsonString()), JsonNode.Parse(
            """
            {
              "format": "etfnet-simplex-etf", "version": 1, "kind": "Random", "rows": 30, "columns": 9, "columnFrame": true,
              "seed": -3, "scale": 0.5, "rank": 0
            }
            """)).Should().BeTrue();
        FluentActions.Invoking(() => SimplexEtfJson.Read(null!)).Should().Throw<ArgumentNullException>();
    }

    [Theory]
    [InlineData("[1]", "*'frame'*not a JSON object*")]
    [InlineData("{", "*'frame'*not JSON*")]
    [InlineData("{ \"format\": 1, \"format\": 2 }", "*'frame'*twice*")]
    [InlineData(null, "*'frame'*missing*")]
    public void Load_NoHeader_NamesIt(string? header, string message)
    {
        var state = new StateSet("frame");
        if (header is not null)
            state.Add("frame", header);
        FluentActions.Invoking(() => Load(SafetensorsBytes.Write(state))).Should().Throw<EtfStateException>().WithMessage(message);
    }

    [Fact]
    public void SaveAndLoad_Streams_StayOpenAndNeedNotSeek()
    {
        using var memory = new MemoryStream();
        var stream = new ForwardOnlyStream(memory);
        RandomFrames.Draw(3).Save(stream);
        RandomFrames.Draw(4).Save(stream);
        memory.Position = 0;
        SimplexEtf.Load(stream).Should().Be(RandomFrames.Draw(3));
        SimplexEtf.Load(stream).Should().Be(RandomFrames.Draw(4));
        memory.CanRead.Should().BeTrue();
    }

    [Theory]
    [InlineData("format", "\"other\"", "*'frame'*format is 'other'*")]
    [InlineData("version", "2", "*version 2*version 1*Update*")]
    [InlineData("version", "\"1\"", "*'version'*")]
    [InlineData("kind", "\"Helmet\"", "*'Helmet'*Identity*")]
    [InlineData("kind", "\"4\"", "*'4'*")]
    [InlineData("rows", "1", "*1 x 9*")]
    [InlineData("rows", "11", "*11 x 9*")]
    [InlineData("rows", "5", "*'left'*F64 (9, 8)*F64 (5, 8)*")]
    [InlineData("rows", "1.5", "*'rows'*")]
    [InlineData("columnFrame", "true", "*column frame*")]
    [InlineData("scale", "0", "*scale 0*")]
    [InlineData("scale", "\"NaN\"", "*'scale'*")]
    [InlineData("scale", "null", "*'scale' is missing*")]
    [InlineData("seed", "3", "*seed 3*")]
    [InlineData("rank", "90", "*rank 90*")]
    public void Load_WrongField_NamesIt(string field, string value, string message)
    {
        var etf = RandomFrames.Of(EtfFrameKind.Aligned, 9, 9, 1);
        var json = SimplexEtfJson.Write(etf.Header);
        json[field] = JsonNode.Parse(value);
        FluentActions.Invoking(() => Load(With(etf, "frame", json.ToJsonString(), null))).Should().Throw<EtfStateException>()
            .WithMessage(message);
    }

    [Fact]
    public void Load_WrongFactor_NamesIt()
    {
        var etf = RandomFrames.Of(EtfFrameKind.Aligned, 9, 9, 1);
        Refused(With(etf, "left", null, null), "*'left'*missing*");
        Refused(With(etf, "left", null, new RowTensor<double>([8, 9], [new double[72]])), "*'left'*F64 (8, 9)*F64 (9, 8)*");
        Refused(With(etf, "left", null, new RowTensor<float>([9, 8], [new float[72]])), "*'left'*F32 (9, 8)*F64 (9, 8)*");
        Refused(With(etf, "left", null, new RowTensor<double>([9, 8], [[.. new double[71], double.NaN]])), "*'left'*NaN*");
        Refused(With(etf, "left", null, new RowTensor<double>([9, 8], [[.. new double[71], double.NegativeInfinity]])),
            "*'left'*infinity*");
        Refused(With(etf, "matrix", null, new RowTensor<double>([9, 9], [new double[81]])), "*'matrix'*nothing here*");

        static void Refused(byte[] file, string message) =>
            FluentActions.Invoking(() => Load(file)).Should().Throw<EtfStateException>().WithMessage(message);
    }

    [Fact]
    public void Load_OtherKindOfFile_SaysHowToLoadIt()
    {
        using var stream = new MemoryStream();
        new ClassStatistics(2).Save(stream);
        FluentActions.Invoking(() => Load(stream.ToArray())).Should().Throw<EtfStateException>()
            .WithMessage("*holds a statistics, not a frame*ClassStatistics.Load*");
        FluentActions.Invoking(() => Load(SafetensorsBytes.Raw("{}"))).Should().Throw<EtfStateException>()
            .WithMessage("*another program*LoadSafetensors*");
    }

    /// <summary>A frame's file with one entry changed, or left out.</summary>
    private static byte[] With(SimplexEtf etf, string name, string? text, StateTensor? tensor)
    {
        var (state, changed) = (SimplexEtfFormat.Capture(etf), new StateSet("frame"));
        foreach (var (key, old) in state.Texts)
            if (key != name)
                changed.Add(key, old);
        foreach (var (key, old) in state.Tensors)
            if (key != name)
                changed.Add(key, old);
        if (text is not null)
            changed.Add(name, text);
        if (tensor is not null)
            changed.Add(name, tensor);
        return SafetensorsBytes.Write(changed);
    }

    private static byte[] Save(SimplexEtf etf)
    {
        using var stream = new MemoryStream();
        etf.Save(stream);
        return stream.ToArray();
    }

    private static SimplexEtf Load(byte[] file)
    {
        using var stream = new MemoryStream(file);
        return SimplexEtf.Load(stream);
    }
}
