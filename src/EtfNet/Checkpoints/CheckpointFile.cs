using System.Security.Cryptography;
using System.Text.Json;
using TorchSharp;

namespace EtfNet;

/// <summary>The file format: magic, version, a JSON table of contents, the blocks it lists in order, and a SHA-256 over all before it.</summary>
internal static class CheckpointFile
{
    private const int Version = 1;
    private const int HashLength = 32;
    private const int MaxContents = 1 << 28;

    private static ReadOnlySpan<byte> Magic => "ETFNETCK"u8;

    public static void Write(string path, TrainingState state) => AtomicFile.Write(path, stream =>
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var contents = JsonSerializer.SerializeToUtf8Bytes(ContentsDocument.From(state), CheckpointJson.Default.ContentsDocument);
        Put(Magic);
        Put(BitConverter.GetBytes(Version));
        Put(BitConverter.GetBytes(contents.Length));
        Put(contents);
        foreach (var block in Blocks(state))
            Put(block);
        stream.Write(hash.GetHashAndReset());

        void Put(ReadOnlySpan<byte> bytes)
        {
            hash.AppendData(bytes);
            stream.Write(bytes);
        }
    });

    /// <exception cref="InvalidDataException">The file is no checkpoint, damaged, or of a newer version.</exception>
    public static TrainingState Read(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        try
        {
            return Read(stream);
        }
        catch (InvalidDataException exception)
        {
            throw new InvalidDataException($"{path} is no checkpoint that can be loaded: {exception.Message}", exception);
        }
    }

    /// <exception cref="InvalidDataException">The stream holds no checkpoint, a damaged one, or one of a newer version.</exception>
    internal static TrainingState Read(Stream stream)
    {
        try
        {
            return ReadParts(stream);
        }
        catch (Exception exception) when (exception is JsonException or EndOfStreamException or EtfStateException)
        {
            throw new InvalidDataException(exception.Message, exception);
        }
    }

    private static TrainingState ReadParts(Stream stream)
    {
        var start = Magic.Length + 8;
        if (stream.Length < start + HashLength)
            throw new InvalidDataException("it is cut short");
        Span<byte> head = stackalloc byte[16];
        stream.ReadExactly(head);
        if (!head[..8].SequenceEqual(Magic))
            throw new InvalidDataException("it does not begin as one");
        var version = BitConverter.ToInt32(head[8..]);
        if (version > Version)
            throw new InvalidDataException($"it is of version {version}, this library reads up to version {Version}");
        RequireHash(stream);

        stream.Position = start;
        var length = BitConverter.ToInt32(head[12..]);
        if (version < 1 || length < 0 || length > MaxContents || length > stream.Length - start - HashLength)
            throw new InvalidDataException("its table of contents is damaged");
        var bytes = new byte[length];
        stream.ReadExactly(bytes);
        var contents = JsonSerializer.Deserialize(bytes, CheckpointJson.Default.ContentsDocument) ?? throw new InvalidDataException("its table of contents is empty");
        return contents.ToState(stream, stream.Length - HashLength);
    }

    private static void RequireHash(Stream stream)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        stream.Position = 0;
        var left = stream.Length - HashLength;
        var buffer = new byte[Math.Min(left, 1 << 20)];
        while (left > 0)
        {
            var count = stream.Read(buffer, 0, (int)Math.Min(buffer.Length, left));
            if (count == 0)
                throw new InvalidDataException("it is cut short");
            hash.AppendData(buffer, 0, count);
            left -= count;
        }

        Span<byte> written = stackalloc byte[HashLength];
        stream.ReadExactly(written);
        if (!hash.GetHashAndReset().AsSpan().SequenceEqual(written))
            throw new InvalidDataException("its checksum does not agree: it is cut short or damaged");
    }

    private static IEnumerable<byte[]> Blocks(TrainingState state)
    {
        foreach (var tensor in state.Tensors)
            yield return tensor.Bytes;
        foreach (var group in state.Optimizers.SelectMany(optimizer => optimizer.Groups))
        {
            yield return group.Options;
            foreach (var (_, bytes) in group.States)
                yield return bytes;
        }

        if (state.Scheduler is { } scheduler)
            yield return scheduler.Monitor;
    }
}
