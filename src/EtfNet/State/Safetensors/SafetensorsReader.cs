using System.Buffers.Binary;

namespace EtfNet;

/// <summary>Reads whole safetensors files: this library's own with version and checksum, other programs' as the format has them.</summary>
/// <remarks>Everything is read and checked before any of it is used, and no more memory is taken than bytes arrive.</remarks>
internal static class SafetensorsReader
{
    private const string Damaged = "The file is cut short or damaged: take another copy, or save it again.";

    private const string Changed =
        "The file is damaged: take another copy. If another program changed it on purpose, remove the metadata entries " +
        $"{SafetensorsHeader.VersionName}, {SafetensorsHeader.KindName} and {SafetensorsHeader.ChecksumName}.";

    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read, or is a folder.</exception>
    /// <exception cref="EtfStateException">It is not a safetensors file, is damaged, or is of a newer version.</exception>
    public static StateSet Read(string path)
    {
        // Delete: on Windows, a save may put a new file in this one's place while it is being read.
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 16,
            FileOptions.SequentialScan);
        try
        {
            var state = Read(stream, path);
            return stream.ReadByte() < 0 ? state : throw new EtfStateException(path, null, "bytes follow the end of its data", Damaged);
        }
        catch (EtfStateException exception) when (exception.FileName is null)
        {
            throw exception.In(path);
        }
    }

    /// <summary>Reads from where a stream is to the last byte of the state, and no further.</summary>
    /// <exception cref="EtfStateException">There is no safetensors file, or it is damaged, or of a newer version.</exception>
    /// <param name="stream">Gives the bytes.</param>
    /// <param name="fileName">Where it comes from, for messages.</param>
    /// <param name="piece">The most bytes of a tensor that are held in one array; a multiple of 8.</param>
    public static StateSet Read(Stream stream, string? fileName = null, int piece = StateTensor.MaxPiece)
    {
        Span<byte> start = stackalloc byte[8];
        if (stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) < start.Length)
            throw Error(null, "it has fewer than 8 bytes");
        var length = BinaryPrimitives.ReadUInt64LittleEndian(start);
        if (length > SafetensorsHeader.MaxLength)
            throw new EtfStateException(
                null, null, $"its header would be {length} bytes long; the format allows {SafetensorsHeader.MaxLength}",
                "It is not a safetensors file, or its first bytes are damaged.");
        var source = new ByteSource(stream);
        if (source.Left < (long)length)
            throw Error(null, $"it ends after {source.Left} of the {length} bytes of its header");
        var bytes = ReadBytes(source, (int)length, null);
        var header = HeaderReader.Read(bytes);
        var kind = OwnMetadata.Require(header, bytes.Length);
        if (source.Left is var data && data < header.DataLength)
            throw Error(null, $"it holds {data} of the {header.DataLength} bytes of its tensors");

        using var checksum = kind is null ? null : new Checksum(bytes, header.ChecksumAt);
        var state = new StateSet(kind) { FileName = fileName };
        foreach (var entry in header.Tensors)
            state.Add(entry.Name, ReadTensor(source, entry, piece, checksum));
        if (checksum is not null && checksum.Finish() != header.Metadata[SafetensorsHeader.ChecksumName])
            throw new EtfStateException(null, null, "its checksum does not agree with its content", Changed);
        foreach (var (name, text) in header.Metadata)
            if (!SafetensorsHeader.IsOwn(name))
                state.Add(name, text);
        return state;
    }

    private static HeldTensor ReadTensor(ByteSource source, SafetensorsEntry entry, int piece, Checksum? checksum)
    {
        var pieces = new List<byte[]>();
        for (var begin = entry.Begin; begin < entry.End; begin += piece)
        {
            var bytes = ReadBytes(source, (int)Math.Min(piece, entry.End - begin), entry.Name);
            checksum?.Add(bytes);
            if (entry.Type.Managed == typeof(bool) && bytes.AsSpan().ContainsAnyExceptInRange((byte)0, (byte)1))
                throw Error(entry.Name, "it is BOOL, but holds a byte other than 0 and 1");
            pieces.Add(bytes);
        }

        return new HeldTensor(entry.Type, entry.Shape, pieces);
    }

    private static byte[] ReadBytes(ByteSource source, int length, string? entry)
    {
        var bytes = source.Read(length);
        return bytes.Length == length ? bytes : throw Error(entry, $"it ends after {bytes.Length} of {length} bytes");
    }

    /// <summary>The error for a file that is not as it was written.</summary>
    public static EtfStateException Error(string? entry, string problem) => new(null, entry, problem, Damaged);
}
