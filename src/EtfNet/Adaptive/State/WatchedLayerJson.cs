using System.Text.Json.Serialization;

namespace EtfNet;

/// <summary>Decisions, and records of fixes and cuts, as JSON texts.</summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    UseStringEnumConverter = true, IgnoreReadOnlyProperties = true, DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(LayerDecision))]
[JsonSerializable(typeof(FixedLayer))]
[JsonSerializable(typeof(EtfCut))]
[JsonSerializable(typeof(TailDecision))]
internal sealed partial class WatchedLayerJson : JsonSerializerContext;
