using EtfNet.Samples;
using FluentAssertions;
using FsCheck.Xunit;
using Xunit;

namespace EtfNet.Tests.Samples.Data;

public sealed class IdxFileTests
{
    [Property(MaxTest = 50)]
    public void Read_WhatWasWritten_GivesItBack(byte count, byte height, byte width, int seed)
    {
        int[] sizes = [count + 1, (height % 30) + 1, (width % 30) + 1];
        var values = IdxBytes.Random(sizes[0] * sizes[1] * sizes[2], seed);

        var read = Read(IdxBytes.Gzip(IdxBytes.Idx(sizes, values)), dimensions: 3);

        read.Sizes.Should().Equal(sizes);
        read.Values.Should().Equal(values);
    }

    [Theory]
    [InlineData(3, 0x08, 1, "0x00000803", "0x00000801")]
    [InlineData(1, 0x08, 3, "0x00000801", "0x00000803")]
    [InlineData(1, 0x0D, 1, "0x00000D01", "0x00000801")]
    public void Read_WrongMagic_NamesBothNumbers(int written, int type, int wanted, string found, string expected)
    {
        var sizes = Enumerable.Repeat(2, written).ToArray();
        var file = IdxBytes.Gzip(IdxBytes.Idx(sizes, new byte[(int)Math.Pow(2, written)], type));

        Fails(file, wanted).Message.Should().Contain("some.gz").And.Contain(found).And.Contain(expected);
    }

    [Fact]
    public void Read_AnyCutOffFile_Throws()
    {
        var file = IdxBytes.Gzip(IdxBytes.Idx([50], IdxBytes.Random(50, seed: 3)));

        for (var length = 0; length < file.Length; length++)
            Fails(file[..length]);
    }

    [Fact]
    public void Read_CutOffBeforeCompression_SaysAfterHowManyBytes() =>
        Fails(IdxBytes.Gzip(IdxBytes.Idx([50], IdxBytes.Random(20, seed: 3)))).Message.Should().Contain("20 bytes follow");

    [Fact]
    public void Read_AnyCorruptByteOfTheBody_Throws()
    {
        const int GzipHeader = 10;
        var file = IdxBytes.Gzip(IdxBytes.Idx([50], IdxBytes.Random(50, seed: 4)));

        for (var i = GzipHeader; i < file.Length; i++)
        {
            var corrupt = (byte[])file.Clone();
            corrupt[i] ^= 0xFF;
            Fails(corrupt);
        }
    }

    [Fact]
    public void Read_NoGzip_Throws() => Fails(IdxBytes.Idx([50], IdxBytes.Random(50, seed: 5))).Message.Should().Contain("gzip");

    [Fact]
    public void Read_MoreBytesThanTheHeaderSays_Throws() =>
        Fails(IdxBytes.Gzip(IdxBytes.Idx([50], IdxBytes.Random(51, seed: 6)))).Message.Should().Contain("51 bytes follow");

    [Theory]
    [InlineData(0, 28, 28)]
    [InlineData(-1, 28, 28)]
    [InlineData(int.MaxValue, int.MaxValue, int.MaxValue)]
    public void Read_ImpossibleSizes_Throws(int count, int height, int width) =>
        Fails(IdxBytes.Gzip(IdxBytes.Idx([count, height, width], [])), dimensions: 3).Message.Should()
            .Contain($"{count} x {height} x {width}");

    private static IdxFile Read(byte[] file, int dimensions) => IdxFile.Read(Files.Unzipped(file, "some.gz"), "some.gz", dimensions);

    private static SampleException Fails(byte[] file, int dimensions = 1)
    {
        var error = FluentActions.Invoking(() => Read(file, dimensions)).Should().Throw<SampleException>().Which;
        error.Message.Should().StartWith("some.gz: ").And.NotContain("\n");
        return error;
    }
}
