using System.Text.Json;

namespace EtfNet;

/// <summary>Reads the JSON header of a safetensors file: exactly what is published, and nothing twice.</summary>
internal static class HeaderReader
{
    private const string Remedy = "The file is damaged, or is not a safetensors file: save it again.";

    /// <exception cref="EtfStateException">The header is not as published.</exception>
    public static SafetensorsHeader Read(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Parse(bytes);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Utf8JsonReader refuses texts that are no UTF-8, or half a surrogate pair, as an InvalidOperationException.
            throw Error(null, $"its header is not valid JSON ({exception.Message.TrimEnd('.')})", exception);
        }
    }

    private static SafetensorsHeader Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty || bytes[0] != (byte)'{')
            throw Error(null, "its header does not begin with '{'");
        // Only spaces may follow the object.
        var reader = new Utf8JsonReader(bytes[..(bytes.LastIndexOfAnyExcept((byte)' ') + 1)], new JsonReaderOptions { MaxDepth = 8 });
        var (names, tensors) = (new HashSet<string>(), new List<SafetensorsEntry>());
        var (metadata, checksum) = ((Dictionary<string, string>?)null, -1);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            if (!names.Add(name))
                throw Error(name, "the name appears in the header twice");
            reader.Read();
            if (name == SafetensorsHeader.MetadataName)
                metadata = ReadMetadata(ref reader, out checksum);
            else
                tensors.Add(EntryReader.Read(ref reader, name));
        }

        if (reader.BytesConsumed != bytes.LastIndexOfAnyExcept((byte)' ') + 1)
            throw Error(null, "its header goes on after the JSON object");
        tensors.Sort((left, right) => (left.Begin, left.End).CompareTo((right.Begin, right.End)));
        RequireNoHoles(tensors);
        return new SafetensorsHeader(tensors, metadata ?? [], checksum);
    }

    private static Dictionary<string, string> ReadMetadata(ref Utf8JsonReader reader, out int checksum)
    {
        checksum = -1;
        if (reader.TokenType != JsonTokenType.StartObject)
            throw Error(SafetensorsHeader.MetadataName, "it is not a JSON object of texts");
        var texts = new Dictionary<string, string>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
                throw Error(name, $"this entry of the metadata is a JSON {reader.TokenType}, not a text");
            if (!texts.TryAdd(name, reader.GetString()!))
                throw Error(name, "the name appears in the metadata twice");
            // Only where its digits stand as they are, without escapes, can they be left out of the sum.
            if (name == SafetensorsHeader.ChecksumName && reader.ValueSpan.Length == Checksum.Length)
                checksum = (int)reader.TokenStartIndex + 1;
        }

        return texts;
    }

    private static void RequireNoHoles(List<SafetensorsEntry> tensors)
    {
        var end = 0L;
        foreach (var tensor in tensors)
        {
            if (tensor.Begin < end)
                throw Error(tensor.Name, $"its bytes begin at {tensor.Begin} and overlap another tensor's, which end at {end}");
            if (tensor.Begin > end)
                throw Error(tensor.Name, $"its bytes begin at {tensor.Begin} and leave a hole from {end} on");
            end = tensor.End;
        }
    }

    /// <summary>The error for a header that is not as published.</summary>
    public static EtfStateException Error(string? entry, string problem, Exception? inner = null) =>
        new(null, entry, problem, Remedy, inner);
}
