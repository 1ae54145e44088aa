using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace EtfNet;

/// <summary>Writes the header of a safetensors file, with zeros for the digits of the checksum.</summary>
internal static class HeaderWriter
{
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Tensors in the order of their data: the widest elements first, so that each begins at a multiple of its element's size, and
    /// then by name.</summary>
    public static IReadOnlyList<(string Name, StateTensor Tensor)> Order(StateSet state) =>
        [.. state.Tensors
            .Select(entry => (entry.Key, entry.Value))
            .OrderByDescending(entry => entry.Value.Type.Bits)
            .ThenBy(entry => entry.Key, StringComparer.Ordinal)];

    /// <returns>The header, padded to a multiple of 8 bytes, and where in it the checksum's digits begin; negative for another program's
    /// kind of file.</returns>
    /// <exception cref="InvalidOperationException">A name is one of the format's own, or no valid text.</exception>
    /// <exception cref="NotSupportedException">The header would be longer than the format allows.</exception>
    public static (byte[] Bytes, int ChecksumAt) Write(StateSet state, IReadOnlyList<(string Name, StateTensor Tensor)> tensors)
    {
        var buffer = new ArrayBufferWriter<byte>();
        // Relaxed: names and plans stay readable in the file.
        using var json = new Utf8JsonWriter(buffer,
            new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
        json.WriteStartObject();
        var at = WriteMetadata(state, json, buffer);
        var offset = 0L;
        foreach (var (name, tensor) in tensors)
            WriteTensor(json, name, tensor, ref offset);
        json.WriteEndObject();
        json.Flush();
        if (buffer.WrittenCount + 7 > SafetensorsHeader.MaxLength)
            throw new NotSupportedException(
                $"The header of {state.Tensors.Count} tensors and {state.Texts.Count} texts would be {buffer.WrittenCount} bytes long; " +
                $"the format allows {SafetensorsHeader.MaxLength}.");
        while (buffer.WrittenCount % 8 != 0)
            buffer.Write(" "u8);
        return (buffer.WrittenSpan.ToArray(), at);
    }

    private static int WriteMetadata(StateSet state, Utf8JsonWriter json, ArrayBufferWriter<byte> buffer)
    {
        if (state.Kind is null && state.Texts.Count == 0)
            return -1;
        var at = -1;
        json.WriteStartObject(SafetensorsHeader.MetadataName);
        if (state.Kind is { } kind)
        {
            json.WriteString(SafetensorsHeader.VersionName, SafetensorsHeader.Version.ToString(CultureInfo.InvariantCulture));
            json.WriteString(SafetensorsHeader.KindName, kind);
            json.WriteString(SafetensorsHeader.ChecksumName, Checksum.Blank);
            json.Flush();
            at = buffer.WrittenCount - 1 - Checksum.Length;
        }

        foreach (var (name, text) in state.Texts)
            if (SafetensorsHeader.IsOwn(name))
                throw new InvalidOperationException($"{EntryName.Quote(name)} is an entry of the format itself.");
            else
                json.WriteString(Valid(name), Valid(text));
        json.WriteEndObject();
        return at;
    }

    private static void WriteTensor(Utf8JsonWriter json, string name, StateTensor tensor, ref long offset)
    {
        if (name == SafetensorsHeader.MetadataName)
            throw new InvalidOperationException(
                $"A tensor cannot be called {EntryName.Quote(name)}: the format keeps its metadata under that name.");
        json.WriteStartObject(Valid(name));
        json.WriteString("dtype", tensor.Type.Name);
        json.WriteStartArray("shape");
        foreach (var size in tensor.Shape)
            json.WriteNumberValue(size);
        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(offset);
        json.WriteNumberValue(offset += tensor.ByteCount);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>A text that UTF-8 can hold: half a surrogate pair would be written as another letter.</summary>
    private static string Valid(string text)
    {
        try
        {
            s_strict.GetByteCount(text);
            return text;
        }
        catch (EncoderFallbackException exception)
        {
            throw new InvalidOperationException(
                $"{EntryName.Quote(text)} holds half a surrogate pair and cannot be written as UTF-8.", exception);
        }
    }
}
