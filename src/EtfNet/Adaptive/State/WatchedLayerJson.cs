using System.Text.Json.Serialization;

namespace EtfNet;

/// <summary>Decisions, records of fixes and cuts, and reports as one rank sends them to the others, as JSON texts.</summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    UseStringEnumConverter = true, IgnoreReadOnlyProperties = true, IncludeFields = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.Never, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(LayerDecision))]
[JsonSerializable(typeof(FixedLayer))]
[JsonSerializable(typeof(EtfCut))]
[JsonSerializable(typeof(TailDecision))]
[JsonSerializable(typeof(EtfReport))]
[JsonSerializable(typeof(List<RankPlanEntry>))]
internal sealed partial class WatchedLayerJson : JsonSerializerContext;
