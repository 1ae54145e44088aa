using System.Buffers.Binary;
using System.Text;

namespace EtfNet;

/// <summary>Writes states as safetensors files with a checksum.</summary>
internal static class SafetensorsWriter
{
    /// <summary>Writes a file whole or not at all.</summary>
    /// <exception cref="IOException">The file cannot be written; an older one is untouched.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written; an older one is untouched.</exception>
    public static void Write(string path, StateSet state)
    {
        var tensors = HeaderWriter.Order(state);
        var (header, at) = HeaderWriter.Write(state, tensors);
        AtomicFile.Write(path, stream =>
        {
            // The digits are filled in last, so that they belong to the very bytes that were written.
            var start = stream.Position;
            using var checksum = at < 0 ? null : new Checksum(header, at);
            WriteHeader(stream, header);
            WriteData(tensors, bytes =>
            {
                checksum?.Add(bytes);
                stream.Write(bytes);
            });
            if (checksum is null)
                return;
            stream.Position = start + 8 + at;
            stream.Write(Encoding.ASCII.GetBytes(checksum.Finish()));
        });
    }

    /// <summary>Writes to a stream that need not seek: the tensors are read twice, for the checksum first.</summary>
    /// <exception cref="InvalidOperationException">A tensor changed meanwhile.</exception>
    public static void Write(Stream stream, StateSet state)
    {
        var tensors = HeaderWriter.Order(state);
        var (header, at) = HeaderWriter.Write(state, tensors);
        using var before = at < 0 ? null : new Checksum(header, at);
        using var after = at < 0 ? null : new Checksum(header, at);
        if (before is not null)
            WriteData(tensors, before.Add);
        var digits = before?.Finish();
        if (digits is not null)
            Encoding.ASCII.GetBytes(digits, header.AsSpan(at));
        WriteHeader(stream, header);
        WriteData(tensors, bytes =>
        {
            after?.Add(bytes);
            stream.Write(bytes);
        });
        if (after?.Finish() != digits)
            throw new InvalidOperationException(
                "The state changed while it was being saved, and what was written cannot be read. Save between training steps.");
    }

    private static void WriteHeader(Stream stream, byte[] header)
    {
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        stream.Write(length);
        stream.Write(header);
    }

    private static void WriteData(IReadOnlyList<(string Name, StateTensor Tensor)> tensors, Action<ReadOnlySpan<byte>> take)
    {
        foreach (var (_, tensor) in tensors)
            tensor.Read(take);
    }
}
