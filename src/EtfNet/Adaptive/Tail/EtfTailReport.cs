namespace EtfNet;

/// <summary>The tail of a model in the report of an epoch.</summary>
/// <param name="Decision">What was decided about it, and on what grounds.</param>
public sealed record EtfTailReport(TailDecision Decision)
{
    /// <summary>Gets the cut that stands; null while the model is whole.</summary>
    public EtfCut? Cut { get; init; }

    /// <summary>Gets whether a guard still keeps the tail.</summary>
    public bool IsOnTrial { get; init; }

    /// <summary>Gets the cut that was taken back at the end of this epoch; null where none was.</summary>
    public EtfCut? Reverted { get; init; }

    /// <summary>Gets in words what became of the tail.</summary>
    public string Note => Cut is { } cut ? cut + (IsOnTrial ? "; on trial: the tail is kept" : "")
        : Decision.Reason == TailReason.NotJudged ? "" : $"tail {Decision}";
}
