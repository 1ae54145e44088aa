namespace EtfNet;

/// <summary>What rank 0 decided of each layer, for the other ranks, after an epoch in which no layer changed.</summary>
internal sealed class RankMemory(IEnumerable<WatchedLayer> layers)
{
    [State]
    private IReadOnlyDictionary<string, WatchedLayer> Layers { get; } = layers.ToDictionary(layer => layer.Name);
}
