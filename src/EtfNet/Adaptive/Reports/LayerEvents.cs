namespace EtfNet;

/// <summary>Data of <see cref="AdaptiveEtfScheduler.LayerFixed"/>.</summary>
/// <param name="layer">What was fixed, and how.</param>
public sealed class LayerFixedEventArgs(FixedLayer layer) : EventArgs
{
    /// <summary>Gets what was fixed, and how.</summary>
    public FixedLayer Layer { get; } = layer;
}

/// <summary>Data of <see cref="AdaptiveEtfScheduler.LayerReverted"/>.</summary>
/// <param name="layer">What had been fixed, and how.</param>
/// <param name="decision">Why its fix was reverted.</param>
public sealed class LayerRevertedEventArgs(FixedLayer layer, LayerDecision decision) : EventArgs
{
    /// <summary>Gets what had been fixed, and how.</summary>
    public FixedLayer Layer { get; } = layer;

    /// <summary>Gets why its fix was reverted; its text is for people.</summary>
    public LayerDecision Decision { get; } = decision;
}
