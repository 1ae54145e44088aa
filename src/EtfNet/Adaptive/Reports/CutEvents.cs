namespace EtfNet;

/// <summary>Data of <see cref="AdaptiveEtfScheduler.ModelCut"/>.</summary>
/// <param name="cut">What was cut off, and what that saves.</param>
public sealed class ModelCutEventArgs(EtfCut cut) : EventArgs
{
    /// <summary>Gets what was cut off, and what that saves.</summary>
    public EtfCut Cut { get; } = cut;
}

/// <summary>Data of <see cref="AdaptiveEtfScheduler.CutReverted"/>.</summary>
/// <param name="cut">What had been cut off.</param>
/// <param name="decision">Why the cut was reverted.</param>
public sealed class CutRevertedEventArgs(EtfCut cut, TailDecision decision) : EventArgs
{
    /// <summary>Gets what had been cut off.</summary>
    public EtfCut Cut { get; } = cut;

    /// <summary>Gets why the cut was reverted; its text is for people.</summary>
    public TailDecision Decision { get; } = decision;
}
