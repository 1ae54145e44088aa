using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace EtfNet;

/// <summary>A plan as JSON has it.</summary>
internal sealed record PlanDocument(
    int Version, IReadOnlyList<PlanEntry> Layers,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<CutEntry>? Cuts = null);

/// <summary>A fixed layer as JSON has it.</summary>
internal sealed record PlanEntry(string Layer, bool InPlace, JsonObject Frame);

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(PlanDocument))]
internal sealed partial class PlanJson : JsonSerializerContext;
