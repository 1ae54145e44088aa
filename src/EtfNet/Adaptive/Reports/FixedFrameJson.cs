using System.Text.Json;
using System.Text.Json.Serialization;

namespace EtfNet;

/// <summary>A fixed layer's frame as JSON: its text.</summary>
internal sealed class FixedFrameJson : JsonConverter<FixedFrame>
{
    public override FixedFrame Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var text = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        return FixedFrame.Parse(text) ?? throw new JsonException($"'{text}' is not a kind of frame.");
    }

    public override void Write(Utf8JsonWriter writer, FixedFrame value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
