using System.Text.Json.Nodes;

namespace EtfNet;

/// <summary>A fixed layer as rank 0 sends it to the others, except for its factors.</summary>
internal sealed record RankPlanEntry(string Layer, bool InPlace, JsonObject Frame);
