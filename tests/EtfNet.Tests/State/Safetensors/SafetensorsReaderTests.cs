using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;
using static EtfNet.Tests.Support.SafetensorsBytes;
using static TorchSharp.torch;

namespace EtfNet.Tests.State.Safetensors;

public sealed class SafetensorsReaderTests
{
    [Fact]
    public void Read_FileOfAnotherProgram_HasItsTensorsAndTexts()
    {
        // Not in the order of the names, not padded, with a scalar, an empty tensor, an unknown part and an escape.
        var file = Raw(
            """{"b":{"dtype":"I16","shape":[],"data_offsets":[8,10]},"__metadata__":{"format":"pt","b2":"b"},"""
            + """ "a\u002ew":{"shape":[2],"dtype":"F32","data_offsets":[0,8],"more":[{}]},"""
            + """ "e":{"dtype":"F64","shape":[0,3],"data_offsets":[8,8]}}""",
            [0, 0, 128, 63, 0, 0, 0, 192, 255, 255]);
        var state = SafetensorsBytes.Read(file);
        state.Kind.Should().BeNull();
        state.Texts.Should().BeEquivalentTo(new Dictionary<string, string> { ["format"] = "pt", ["b2"] = "b" });
        state.Tensors.Keys.Should().BeEquivalentTo("a.w", "b", "e");
        state.Tensors["a.w"].Hold().ToArray().Should().BeEquivalentTo(new[] { 1f, -2f });
        state.Tensors["b"].Hold().ToArray().Should().BeEquivalentTo(new short[] { -1 });
        state.Tensors["b"].Shape.Should().BeEmpty();
        state.Tensors["e"].ToString().Should().Be("F64 (0, 3)");

        using var scope = NewDisposeScope();
        state.Tensors["e"].Hold().ToTensor().shape.Should().Equal(0, 3);
        state.Tensors["b"].Hold().ToTensor().item<short>().Should().Be(-1);
    }

    [Theory]
    [InlineData("{}        ")]
    [InlineData("""{"__metadata__":{}}""")]
    public void Read_NoTensors_IsEmpty(string header) => SafetensorsBytes.Read(Raw(header)).Tensors.Should().BeEmpty();

    [Theory]
    [InlineData("F64", 8)]
    [InlineData("F32", 4)]
    [InlineData("F16", 2)]
    [InlineData("BF16", 2)]
    [InlineData("I64", 8)]
    [InlineData("I32", 4)]
    [InlineData("I16", 2)]
    [InlineData("I8", 1)]
    [InlineData("U8", 1)]
    [InlineData("BOOL", 1)]
    [InlineData("C64", 8)]
    [InlineData("U64", 8)]
    [InlineData("U32", 4)]
    [InlineData("U16", 2)]
    [InlineData("F8_E5M2", 1)]
    [InlineData("F8_E4M3", 1)]
    [InlineData("F8_E8M0", 1)]
    public void Read_EveryPublishedType_TakesItsBytes(string dtype, int size)
    {
        SafetensorsBytes.Read(One(dtype, 3, 3 * size)).Tensors["t"].ByteCount.Should().Be(3 * size);
        Refused(One(dtype, 3, (3 * size) + 1)).Which.Entry.Should().Be("t");
    }

    [Theory]
    [InlineData("F4", 4, 2)]
    [InlineData("F6_E2M3", 4, 3)]
    [InlineData("F6_E3M2", 8, 6)]
    public void Read_TypesBelowAByte_TakeWholeBytes(string dtype, int count, int bytes)
    {
        SafetensorsBytes.Read(One(dtype, count, bytes)).Tensors["t"].ByteCount.Should().Be(bytes);
        Refused(One(dtype, count - 1, bytes));
    }

    [Theory]
    [InlineData("", "*fewer than 8 bytes*")]
    [InlineData(" {}", "*does not begin with '{'*")]
    [InlineData("[]", "*does not begin with '{'*")]
    [InlineData("{} x", "*goes on after the JSON object*")]
    [InlineData("{}\n", "*goes on after the JSON object*")]
    [InlineData("{}{}", "*goes on after the JSON object*")]
    [InlineData("{\"t\"", "*not valid JSON*")]
    [InlineData("{\"t\":1}", "*'t'*not a JSON object*")]
    [InlineData("""{"__metadata__":[]}""", "*'__metadata__'*not a JSON object*")]
    [InlineData("""{"__metadata__":null}""", "*'__metadata__'*not a JSON object*")]
    [InlineData("""{"__metadata__":{"n":3}}""", "*'n'*Number, not a text*")]
    [InlineData("""{"__metadata__":{"n":{"m":"x"}}}""", "*'n'*StartObject, not a text*")]
    [InlineData("""{"__metadata__":{"n":"a","n":"b"}}""", "*'n'*metadata twice*")]
    [InlineData("""{"__metadata__":{},"__metadata__":{}}""", "*'__metadata__'*twice*")]
    [InlineData("""{"__metadata__":{"n":"\ud800"}}""", "*not valid JSON*")]
    [InlineData("""{"t":{"shape":[0],"data_offsets":[0,0]}}""", "*'t'*lacks*")]
    [InlineData("""{"t":{"dtype":"F32","data_offsets":[0,0]}}""", "*'t'*lacks*")]
    [InlineData("""{"t":{"dtype":"F32","shape":[0]}}""", "*'t'*lacks*")]
    [InlineData("""{"t":{"dtype":"F32","shape":[0],"data_offsets":[0,0,0]}}""", "*'t'*lacks*")]
    [InlineData("""{"t":{"dtype":4,"shape":[0],"data_offsets":[0,0]}}""", "*'t'*dtype is not a text*")]
    [InlineData("""{"t":{"dtype":"F33","shape":[0],"data_offsets":[0,0]}}""", "*'t'*'F33' is unknown*F32*")]
    [InlineData("""{"t":{"dtype":"F32","dtype":"F32","shape":[0],"data_offsets":[0,0]}}""", "*'t'*'dtype' twice*")]
    [InlineData("""{"t":{"dtype":"F32","shape":0,"data_offsets":[0,0]}}""", "*'t'*shape is not a list*")]
    [InlineData("""{"t":{"dtype":"F32","shape":[-1],"data_offsets":[0,0]}}""", "*'t'*shape*whole number*")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}""", "*'t'*shape*whole number*")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}""", "*'t'*shape*whole number*")]
    [InlineData("""{"t":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}""", "*'t'*shape*whole number*")]
    [InlineData("""{"t":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,4]}}""", "*'t'*shape*whole number*")]
    [InlineData("""{"t":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", "*'t'*F32 (2) does not take*0 to 4*")]
    [InlineData("""{"t":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", "*'t'*does not take*8 to 0*")]
    [InlineData("""{"t":{"dtype":"F32","shape":[4611686018427387904,4,0],"data_offsets":[0,0]}}""", "*'t'*does not take*")]
    [InlineData("""{"t":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}}""", "*'t'*does not take*")]
    [InlineData("""{"t":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", "*'t'*hole from 0*")]
    [InlineData("""{"t":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"u":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}""",
        "*'u'*overlap*end at 2*")]
    [InlineData("""{"t":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"u":{"dtype":"U8","shape":[2],"data_offsets":[3,5]}}""",
        "*'u'*hole from 2*")]
    [InlineData("""{"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}""",
        "*'t'*header twice*")]
    [InlineData("""{"t":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}}""", "*holds 5 of the 9 bytes*")]
    [InlineData("""{"t":{"dtype":"BOOL","shape":[5],"data_offsets":[0,5]}}""", "*'t'*BOOL*0 and 1*")]
    [InlineData("""{"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"more":[[[[[[[[[1]]]]]]]]]}}""", "*not valid JSON*")]
    public void Read_NotAsPublished_ThrowsNamingIt(string header, string message)
    {
        var file = header.Length == 0 ? [] : Raw(header, 0, 1, 2, 3, 4);
        var error = Refused(file).WithMessage(message).Which;
        error.Remedy.Should().NotBeNullOrWhiteSpace();
        error.Message.Should().EndWith(error.Remedy);
    }

    [Fact]
    public void Read_HeaderBeyondTheLimit_TakesNoMemory()
    {
        foreach (var length in new ulong[] { 100_000_001, int.MaxValue, ulong.MaxValue })
            Refused([.. Length(length), .. "{}"u8]).WithMessage($"*{length} bytes long*100000000*");
        var before = GC.GetAllocatedBytesForCurrentThread();
        Refused([.. Length(100_000_000), .. "{}"u8]).WithMessage("*ends after 2 of the 100000000*");
        Action forwardOnly = () => SafetensorsReader.Read(new ForwardOnlyStream(new MemoryStream([.. Length(100_000_000), .. "{}"u8])));
        forwardOnly.Should().Throw<EtfStateException>().WithMessage("*ends after 2 of 100000000*");
        var tebibyte = Raw("""{"t":{"dtype":"U8","shape":[1099511627776],"data_offsets":[0,1099511627776]}}""", 1, 2);
        Action claims = () => SafetensorsReader.Read(new ForwardOnlyStream(new MemoryStream(tebibyte)));
        claims.Should().Throw<EtfStateException>().WithMessage("'t'*ends after 2 of*");
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(8_000_000);
    }

    [Fact]
    public void Read_InvalidUtf8_Throws()
    {
        var file = Raw("""{"__metadata__":{"n":"abc"}}""");
        file[Array.IndexOf(file, (byte)'b')] = 0xff;
        Refused(file).WithMessage("*not valid JSON*");
    }

    [Fact]
    public void Read_Stream_EndsBehindTheLastByte_SeekableOrNot()
    {
        var file = SafetensorsFiles.Small();
        foreach (var seekable in new[] { true, false })
        {
            using var memory = new MemoryStream([9, .. file, .. file, 77]);
            memory.ReadByte();
            Stream stream = seekable ? memory : new ForwardOnlyStream(memory);
            SafetensorsReader.Read(stream).Texts["plan"].Should().Be("{\"a\":1}");
            SafetensorsReader.Read(stream).Tensors.Should().HaveCount(4);
            stream.ReadByte().Should().Be(77);
        }
    }

    [Fact]
    public void Read_File_NamesItAndRefusesWhatFollows()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("state.safetensors");
        File.WriteAllBytes(path, SafetensorsFiles.Small());
        SafetensorsReader.Read(path).FileName.Should().Be(path);
        File.WriteAllBytes(path, [.. SafetensorsFiles.Small(), 0]);
        FluentActions.Invoking(() => SafetensorsReader.Read(path)).Should().Throw<EtfStateException>().WithMessage($"{path}: bytes follow*")
            .Which.FileName.Should().Be(path);
        File.WriteAllBytes(path, SafetensorsFiles.Small()[..^1]);
        FluentActions.Invoking(() => SafetensorsReader.Read(path)).Should().Throw<EtfStateException>().WithMessage($"{path}: *")
            .Which.FileName.Should().Be(path);
        FluentActions.Invoking(() => SafetensorsReader.Read(folder.File("none"))).Should().Throw<FileNotFoundException>();
        FluentActions.Invoking(() => SafetensorsReader.Read(folder.Path)).Should().Throw<UnauthorizedAccessException>();
    }

    /// <summary>A file of one tensor.</summary>
    private static byte[] One(string dtype, int count, int bytes) =>
        Raw($"{{\"t\":{{\"dtype\":\"{dtype}\",\"shape\":[{count}],\"data_offsets\":[0,{bytes}]}}}}", new byte[bytes]);

    private static FluentAssertions.Specialized.ExceptionAssertions<EtfStateException> Refused(byte[] file) =>
        FluentActions.Invoking(() => SafetensorsBytes.Read(file)).Should().Throw<EtfStateException>();
}
