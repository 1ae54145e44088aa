using System.Buffers.Binary;
using System.IO.Compression;

namespace EtfNet.Samples;

/// <summary>The content of an idx file of unsigned bytes: its sizes (count first) and its values in row-major order.</summary>
public sealed record IdxFile(IReadOnlyList<int> Sizes, byte[] Values)
{
    private const int UnsignedByteType = 0x08;

    /// <summary>Deflate's densest code: 258 bytes in two bits.</summary>
    private const int MaxGzipRatio = 1032;

    public int Count => Sizes[0];

    /// <summary>Reads a gzip-compressed idx file of unsigned bytes to its very end, so that the gzip checksum is verified too.</summary>
    /// <param name="compressed">The file's bytes, from first to last; left open.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <param name="dimensions">The dimensions it must have: 3 for images, 1 for labels.</param>
    /// <exception cref="SampleException">The file is not gzip, damaged, too short or too long, or not an idx file of that kind.</exception>
    public static IdxFile Read(Stream compressed, string name, int dimensions)
    {
        using var stream = new GZipStream(compressed, CompressionMode.Decompress, leaveOpen: true);
        try
        {
            var header = new byte[4 + (4 * dimensions)];
            Fill(stream, header.AsSpan(0, 4), name, header.Length);
            RequireMagic(BinaryPrimitives.ReadUInt32BigEndian(header), name, dimensions);
            Fill(stream, header.AsSpan(4), name, header.Length);
            var sizes = Enumerable.Range(1, dimensions).Select(i => BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4 * i))).ToArray();
            var values = new byte[Length(sizes, name, compressed.Length)];
            Fill(stream, values, name, values.Length);
            if (stream.ReadByte() >= 0)
                throw new SampleException($"{name}: more bytes follow than its header's {string.Join(" x ", sizes)}; get the file again.");
            RequireTrailer(compressed, header.Length + values.Length, name);
            return new IdxFile(sizes, values);
        }
        catch (InvalidDataException error)
        {
            throw new SampleException($"{name}: not a whole gzip file ({OneLine(error.Message)}); get the file again.", error);
        }
    }

    private static void RequireMagic(uint magic, string name, int dimensions)
    {
        var expected = (uint)((UnsignedByteType << 8) | dimensions);
        if (magic != expected)
        {
            var kind = dimensions == 1 ? "labels" : "images";
            throw new SampleException($"{name}: magic number 0x{magic:X8}, but an idx file of {kind} begins with 0x{expected:X8}; is it another file?");
        }
    }

    /// <summary>GZipStream takes a file for whole that was cut off within its trailer; the trailer's last four bytes are the length.</summary>
    private static void RequireTrailer(Stream compressed, int length, string name)
    {
        var trailer = new byte[4];
        compressed.Seek(-trailer.Length, SeekOrigin.End);
        compressed.ReadExactly(trailer);
        if (BinaryPrimitives.ReadInt32LittleEndian(trailer) != length)
            throw new SampleException($"{name}: cut off within its last bytes; get the file again.");
    }

    /// <summary>The bytes that the sizes stand for; a damaged header must not ask for more memory than the file can fill.</summary>
    private static long Length(int[] sizes, string name, long compressed)
    {
        var length = 1L;
        foreach (var size in sizes)
        {
            length = size > 0 ? length * size : 0;
            if (length is <= 0 or > int.MaxValue)
                throw new SampleException($"{name}: impossible sizes {string.Join(" x ", sizes)} in its header; get the file again.");
        }

        return length <= compressed * MaxGzipRatio
            ? length
            : throw new SampleException($"{name}: cut off: {string.Join(" x ", sizes)} are more than {compressed} bytes of gzip can hold; get the file again.");
    }

    private static void Fill(Stream stream, Span<byte> target, string name, int expected)
    {
        var read = stream.ReadAtLeast(target, target.Length, throwOnEndOfStream: false);
        if (read < target.Length)
            throw new SampleException($"{name}: cut off after {read} of {expected} bytes; get the file again.");
    }

    private static string OneLine(string message) => message.ReplaceLineEndings(" ").TrimEnd('.', ' ');
}
