namespace EtfNet;

/// <summary>The tail of a model in the report of an epoch.</summary>
/// <param name="Decision">The decision about the tail, and its reason.</param>
public sealed record EtfTailReport(TailDecision Decision)
{
    /// <summary>Gets the current cut; null while the model is whole.</summary>
    public EtfCut? Cut { get; init; }

    /// <summary>Gets whether a guard still keeps the tail.</summary>
    public bool IsOnTrial { get; init; }

    /// <summary>Gets the cut that was reverted at the end of this epoch; null if none was.</summary>
    public EtfCut? Reverted { get; init; }

    /// <summary>Gets what happened to the tail, in words.</summary>
    public string Note => Cut is { } cut ? cut + (IsOnTrial ? "; on trial: the tail is kept" : "")
        : Decision.Reason == TailReason.NotJudged ? "" : $"tail {Decision}";
}
