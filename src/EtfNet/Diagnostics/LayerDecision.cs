namespace EtfNet;

/// <summary>The decision about a layer at the end of an epoch, and its reason. <see cref="ToString"/> gives it in words.</summary>
/// <param name="Name">The layer's name in the model.</param>
/// <param name="Reason">Why it is fixed, or is not.</param>
public sealed record LayerDecision(string Name, LayerReason Reason)
{
    /// <summary>Gets the number that decided: an error, a count of epochs or classes, as <see cref="Reason"/> says; null if there is
    /// none.</summary>
    public double? Value { get; init; }

    /// <summary>Gets the limit that <see cref="Value"/> was compared with; null if there is none.</summary>
    public double? Limit { get; init; }

    /// <summary>Gets the value before a fix that was tried; null if none was tried.</summary>
    public double? Before { get; init; }

    /// <summary>Gets the epoch that the reason refers to, counted from 1; null if there is none.</summary>
    public int? Epoch { get; init; }

    /// <summary>Gets further details, such as why a layer cannot be fixed; null if there are none.</summary>
    public string? Detail { get; init; }

    /// <summary>For <see cref="LayerReason.RetryLater"/>, gets why the fix was refused that is tried again later; null otherwise.</summary>
    public LayerDecision? Refusal { get; init; }

    /// <summary>Gets whether the layer is to be fixed now.</summary>
    public bool IsReady => Reason == LayerReason.Ready;

    /// <inheritdoc/>
    public override string ToString() => LayerReasonText.Of(this);
}
