using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace EtfNet;

/// <summary>Lists of names as JSON texts.</summary>
[JsonSerializable(typeof(List<string>), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class NamesJson : JsonSerializerContext
{
    /// <summary>Writes letters of all languages as they are, as names in a header stand.</summary>
    public static JsonTypeInfo<List<string>> Readable { get; } =
        new NamesJson(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }).ListString;
}
