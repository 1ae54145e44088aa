using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace EtfNet;

/// <summary>A report as rank 0 sends it to the others, and the plan of the fixed layers beside it.</summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals, UseStringEnumConverter = true, IgnoreReadOnlyProperties = true,
    IncludeFields = true, DefaultIgnoreCondition = JsonIgnoreCondition.Never)]
[JsonSerializable(typeof(EtfReport))]
[JsonSerializable(typeof(List<RankPlanEntry>))]
internal sealed partial class RankReportJson : JsonSerializerContext;

/// <summary>A fixed layer, except for its factors.</summary>
internal sealed record RankPlanEntry(string Layer, bool InPlace, JsonObject Frame);
