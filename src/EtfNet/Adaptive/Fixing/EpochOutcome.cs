namespace EtfNet;

/// <summary>What happened at the end of an epoch, for its report.</summary>
internal sealed record EpochOutcome
{
    /// <summary>What was measured; null where nothing was.</summary>
    public CollapseReport? Collapse { get; init; }

    /// <summary>The decisions about layers, by name; layers without one were not judged.</summary>
    public IReadOnlyDictionary<string, LayerDecision> Decisions { get; init; } = new Dictionary<string, LayerDecision>();

    public IReadOnlyList<FixedLayer> NewlyFixed { get; init; } = [];

    public IReadOnlyList<(FixedLayer Layer, LayerDecision Why)> Reverted { get; init; } = [];

    /// <summary>Forwards whose labels never came.</summary>
    public long Unlabeled { get; init; }

    public IReadOnlyList<string> Remarks { get; init; } = [];

    /// <summary>The decision about the tail; null if it was not judged.</summary>
    public TailDecision? Tail { get; init; }
}
