using System.Text.Json;

namespace EtfNet;

/// <summary>Reads the entry of one tensor in the header of a safetensors file: its type, its shape and where its bytes are.</summary>
internal static class EntryReader
{
    /// <summary>Reads from the beginning of an entry to its end.</summary>
    /// <exception cref="EtfStateException">It is not as published.</exception>
    public static SafetensorsEntry Read(ref Utf8JsonReader reader, string name)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw HeaderReader.Error(name, "its entry in the header is not a JSON object");
        var (dtype, shape, offsets) = ((string?)null, (List<long>?)null, (List<long>?)null);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var part = reader.GetString()!;
            reader.Read();
            var isFirst = part switch { "dtype" => dtype is null, "shape" => shape is null, "data_offsets" => offsets is null, _ => true };
            if (!isFirst)
                throw HeaderReader.Error(name, $"its entry has '{part}' twice");
            if (part == "dtype")
                dtype = reader.TokenType == JsonTokenType.String
                    ? reader.GetString()
                    : throw HeaderReader.Error(name, "its dtype is not a text");
            else if (part == "shape")
                shape = ReadNumbers(ref reader, name, part);
            else if (part == "data_offsets")
                offsets = ReadNumbers(ref reader, name, part);
            else
                reader.Skip();
        }

        if (dtype is null || shape is null || offsets is not [var begin, var end])
            throw HeaderReader.Error(name, "its entry lacks dtype, shape or a pair of data_offsets");
        var type = TensorType.Find(dtype) ?? throw new EtfStateException(
            null, name, $"its element type {EntryName.Quote(dtype)} is unknown",
                "Convert the tensor to a published type such as F32, or update EtfNet.");
        return type.Bytes(shape) == end - begin
            ? new SafetensorsEntry(name, type, [.. shape], begin, end)
            : throw HeaderReader.Error(name, $"{type} {StateTensor.Text(shape)} does not take the bytes from {begin} to {end}");
    }

    private static List<long> ReadNumbers(ref Utf8JsonReader reader, string name, string part)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw HeaderReader.Error(name, $"its {part} is not a list");
        var numbers = new List<long>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            numbers.Add(reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number) && number >= 0
                ? number
                : throw HeaderReader.Error(name, $"its {part} has an element that is not a whole number of at least 0"));
        return numbers;
    }
}
