using System.Buffers.Binary;

namespace EtfNet.Samples;

/// <summary>The content of an idx file of unsigned bytes: its sizes (count first) and its values in row-major order.</summary>
public sealed record IdxFile(IReadOnlyList<int> Sizes, byte[] Values)
{
    private const int UnsignedByte = 0x08;

    /// <summary>Reads an idx file of unsigned bytes.</summary>
    /// <param name="bytes">The file's content.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <param name="dimensions">The dimensions it must have: 3 for images, 1 for labels.</param>
    /// <exception cref="SampleException">The file is too short or too long, or not an idx file of that kind.</exception>
    public static IdxFile Read(byte[] bytes, string name, int dimensions)
    {
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
}
