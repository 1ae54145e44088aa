namespace EtfNet;

/// <summary>What a scheduler remembers beside the model: written to checkpoints as JSON, the monitor's statistics as bytes.</summary>
internal sealed record SchedulerMemory
{
    public required int Epoch { get; init; }

    public required int ForwardsPerEpoch { get; init; }

    public required IReadOnlyList<LayerMemory> Layers { get; init; }

    public required byte[] Monitor { get; init; }
}

/// <summary>What is remembered of one layer.</summary>
internal sealed record LayerMemory(string Name, int Streak, int Refusals, LayerDecision? Refusal, int RetryAt, LayerDecision? Excluded, FixedLayer? Record);
