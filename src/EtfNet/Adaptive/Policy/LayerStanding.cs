namespace EtfNet;

/// <summary>What the policy knows of a layer at the end of an epoch.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Error">Its nearest-class-center error; null where there is none yet.</param>
/// <param name="Upper">The upper end of the error's 95% interval; null with the error.</param>
/// <param name="Scored">The number of samples that the error is of.</param>
/// <param name="Streak">How many epochs in a row the error has met epsilon, this one included.</param>
/// <param name="IsFixed">Whether it is fixed already.</param>
internal sealed record LayerStanding(string Name, double? Error, double? Upper, long Scored, int Streak, bool IsFixed)
{
    /// <summary>How many classes were seen.</summary>
    public int Classes { get; init; } = int.MaxValue;

    /// <summary>Why there is no error; null where there is one, or where that is not known.</summary>
    public string? NoErrorReason { get; init; }

    /// <summary>Why it is not to be fixed, whatever its error; null where it may be.</summary>
    public LayerDecision? Excluded { get; init; }

    /// <summary>Why the last try was refused; null where there was none.</summary>
    public LayerDecision? Refusal { get; init; }

    /// <summary>The epoch at whose end a refused fix is tried again.</summary>
    public int RetryAt { get; init; }
}
