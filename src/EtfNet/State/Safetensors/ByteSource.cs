namespace EtfNet;

/// <summary>Reads pieces of a stream, and takes no more memory than bytes arrive.</summary>
internal sealed class ByteSource
{
    /// <summary>How much memory is taken at first for a length that a stream claims, where its end is not known.</summary>
    private const int FirstPiece = 1 << 20;

    private readonly Stream _stream;
    private readonly bool _isKnown;

    public ByteSource(Stream stream)
    {
        (_stream, _isKnown) = (stream, stream.CanSeek);
        Left = stream.CanSeek ? Math.Max(0, stream.Length - stream.Position) : long.MaxValue;
    }

    /// <summary>The number of bytes that are left; larger than any file if the stream does not know.</summary>
    public long Left { get; private set; }

    /// <summary>Reads a number of bytes, or all that are left if there are fewer.</summary>
    public byte[] Read(int length)
    {
        var bytes = new byte[_isKnown ? length : Math.Min(length, FirstPiece)];
        var read = _stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        while (read == bytes.Length && read < length)
        {
            Array.Resize(ref bytes, (int)Math.Min(length, 2L * read));
            read += _stream.ReadAtLeast(bytes.AsSpan(read), bytes.Length - read, throwOnEndOfStream: false);
        }

        Left -= read;
        return read == bytes.Length ? bytes : bytes[..read];
    }
}
