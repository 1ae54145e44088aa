using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;
using static EtfNet.Tests.Support.SafetensorsBytes;

namespace EtfNet.Tests.State.Safetensors;

public sealed class DamagedFileTests
{
    [Fact]
    public void Read_AnySingleBitFlipped_IsRefused()
    {
        var file = SafetensorsFiles.Small();
        for (var bit = 0; bit < 8 * file.Length; bit++)
        {
            file[bit / 8] ^= (byte)(1 << (bit % 8));
            Refused(file, $"bit {bit}");
            file[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        SafetensorsBytes.Read(file).Tensors.Should().HaveCount(4);
    }

    [Fact]
    public void Read_CutAnywhere_IsRefused_SeekableOrNot()
    {
        var file = SafetensorsFiles.Small();
        for (var length = 0; length < file.Length; length++)
        {
            Refused(file[..length], $"length {length}");
            FluentActions.Invoking(() => SafetensorsReader.Read(new ForwardOnlyStream(new MemoryStream(file[..length])))).Should()
                .Throw<EtfStateException>();
        }
    }

    [Theory]
    [InlineData("\"etfnet.version\":\"1\"", "\"etfnet.version\":\"2\"", "*'etfnet.version'*version 2*up to version 1*Update*")]
    [InlineData("\"etfnet.version\":\"1\"", "\"etfnet.version\":\"0\"", "*'etfnet.version'*")]
    [InlineData("\"etfnet.version\":\"1\"", "\"etfnet.version\":\"one\"", "*'etfnet.version'*")]
    [InlineData("\"etfnet.version\":\"1\",", "", "*'etfnet.version'*missing*")]
    [InlineData("\"etfnet.kind\":\"toy\",", "", "*'etfnet.kind'*missing*")]
    [InlineData("\"etfnet.sha256\"", "\"etfnet.sha257\"", "*'etfnet.sha256'*missing*")]
    [InlineData("}}  ", "}}", "*not padded*")]
    public void Read_OwnEntryWrong_NamesIt(string what, string with, string message)
    {
        var file = SafetensorsFiles.Small();
        var header = HeaderOf(file);
        // Pad by hand where the change is not about padding.
        header.Should().Contain(what.TrimEnd());
        var changed = header.TrimEnd().Replace(what.TrimEnd(), with, StringComparison.Ordinal);
        changed = message.Contains("padded", StringComparison.Ordinal)
            ? changed + new string(' ', (changed.Length % 8 == 7 ? 2 : 1) - (changed.Length % 8 == 0 ? 0 : 1)) : Padded(changed);
        FluentActions.Invoking(() => SafetensorsBytes.Read(Changed(file, _ => changed))).Should().Throw<EtfStateException>()
            .WithMessage(message);
    }

    [Fact]
    public void Read_ChangedByAnotherProgram_SaysWhatToRemove()
    {
        var file = SafetensorsFiles.Small();
        file[^1] ^= 1;
        FluentActions.Invoking(() => SafetensorsBytes.Read(file)).Should().Throw<EtfStateException>()
            .WithMessage("*checksum*another copy*etfnet.version, etfnet.kind and etfnet.sha256*");
    }

    [Fact]
    public void Read_NameWithControlCharacters_IsShownOnOneLine()
    {
        var error = FluentActions.Invoking(() => SafetensorsBytes.Read(Raw("""{"a\n\u001b[31m\ud83d\ude00":1}"""))).Should()
            .Throw<EtfStateException>().Which;
        error.Message.Should().StartWith(@"'a\u000a\u001b[31m").And.NotContain("\n");
        FluentActions.Invoking(() => SafetensorsBytes.Read(Raw($$"""{"{{new string('x', 5000)}}":1}"""))).Should()
            .Throw<EtfStateException>().Which.Message.Length.Should().BeLessThan(500);
    }

    internal static string Padded(string header) => header.PadRight((header.Length + 7) / 8 * 8);

    private static void Refused(byte[] file, string because) =>
        FluentActions.Invoking(() => SafetensorsBytes.Read(file)).Should().Throw<EtfStateException>(because).Which.Message
            .Should().NotBeNullOrWhiteSpace();
}
