using System.Buffers.Binary;
using System.IO.Compression;

namespace EtfNet.Samples;

/// <summary>The content of an idx file of unsigned bytes: its sizes (count first) and its values in row-major order.</summary>
public sealed record IdxFile(IReadOnlyList<int> Sizes, byte[] Values)
{
    private const int UnsignedByte = 0x08;

    /// <summary>Reads a gzip-compressed idx file of unsigned bytes.</summary>
    /// <param name="compressed">The file's bytes, from first to last.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <param name="dimensions">The dimensions it must have: 3 for images, 1 for labels.</param>
    /// <exception cref="SampleException">The file is not gzip, damaged, too short or too long, or not an idx file of that kind.</exception>
    public static IdxFile Read(Stream compressed, string name, int dimensions)
    {
        var bytes = Check.Explained(() => Unzip(compressed), why => $"{name}: not a whole gzip file ({why}); get the file again.");
        var (header, expected) = (4 + (4 * dimensions), (uint)((UnsignedByte << 8) | dimensions));
        if (bytes.Length >= 4 && BinaryPrimitives.ReadUInt32BigEndian(bytes) is var magic && magic != expected)
            throw new SampleException($"{name}: it begins with 0x{magic:X8}, not with an idx file's 0x{expected:X8}; is it another file?");
        if (bytes.Length < header)
            throw new SampleException($"{name}: cut off after {bytes.Length} bytes; get the file again.");
        var sizes = Enumerable.Range(1, dimensions).Select(i => BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(4 * i))).ToArray();
        return sizes.All(size => size > 0) && sizes.Aggregate(1.0, (product, size) => product * size) == bytes.Length - header
            ? new IdxFile(sizes, bytes[header..])
            : throw new SampleException(
                $"{name}: {string.Join(" x ", sizes)} in its header, but {bytes.Length - header} bytes follow; get the file again.");
    }

    internal Tensor ToTensor() => tensor(Values, [.. Sizes.Select(size => (long)size)], ScalarType.Byte);

    private static byte[] Unzip(Stream compressed)
    {
        using var memory = new MemoryStream();
        using (var stream = new GZipStream(compressed, CompressionMode.Decompress, leaveOpen: true))
            stream.CopyTo(memory);
        // GZipStream takes a file that was cut off within its trailer for whole. The trailer's last four bytes are the length.
        var trailer = new byte[4];
        compressed.Seek(-Math.Min(4, compressed.Length), SeekOrigin.End);
        compressed.ReadAtLeast(trailer, 4, throwOnEndOfStream: false);
        return BinaryPrimitives.ReadInt32LittleEndian(trailer) == memory.Length ? memory.ToArray()
            : throw new InvalidDataException("cut off");
    }
}
