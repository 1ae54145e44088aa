using System.Text.Json.Serialization;

namespace EtfNet;

/// <summary>What a scheduler remembers beside the model: written to checkpoints as JSON, the monitor's statistics as bytes.</summary>
internal sealed record SchedulerMemory
{
    public required int Epoch { get; init; }

    public required int ForwardsPerEpoch { get; init; }

    public required IReadOnlyList<LayerMemory> Layers { get; init; }

    public required byte[] Monitor { get; init; }
}

/// <summary>What is remembered of one layer. Files call <paramref name="Held"/> by the name that it had first.</summary>
internal sealed record LayerMemory(
    string Name, int Streak, int Refusals, LayerDecision? Refusal, int RetryAt,
    [property: JsonPropertyName("excluded")] LayerDecision? Held, FixedLayer? Record)
{
    public static LayerMemory Of(WatchedLayer layer) =>
        new(layer.Name, layer.Streak, layer.Refusals, layer.Refusal, layer.RetryAt, layer.Held, layer.Record);

    public void Restore(WatchedLayer layer)
    {
        (layer.Streak, layer.Refusals, layer.Refusal, layer.RetryAt) = (Streak, Refusals, Refusal, RetryAt);
        (layer.Held, layer.Record) = (Held, Record);
    }
}
