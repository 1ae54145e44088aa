namespace EtfNet;

/// <summary>What was decided about a layer at the end of an epoch, and on what grounds. <see cref="ToString"/> puts it in words.</summary>
/// <param name="Name">The layer's name in the model.</param>
/// <param name="Reason">Why it is fixed, or is not.</param>
public sealed record LayerDecision(string Name, LayerReason Reason)
{
    /// <summary>Gets the number that decided: an error, a count of epochs or classes, as <see cref="Reason"/> says; null where there is
    /// none.</summary>
    public double? Value { get; init; }

    /// <summary>Gets what <see cref="Value"/> was held against; null where nothing was.</summary>
    public double? Limit { get; init; }

    /// <summary>Gets the value before a fix that was tried; null where none was.</summary>
    public double? Before { get; init; }

    /// <summary>Gets the epoch that the reason speaks of, from 1; null where there is none.</summary>
    public int? Epoch { get; init; }

    /// <summary>Gets further words, such as why a layer cannot be fixed; null where there are none.</summary>
    public string? Detail { get; init; }

    /// <summary>Gets why a fix was refused that <see cref="LayerReason.RetryLater"/> will try again; null otherwise.</summary>
    public LayerDecision? Refusal { get; init; }

    /// <summary>Gets whether the layer is to be fixed now.</summary>
    public bool IsReady => Reason == LayerReason.Ready;

    /// <inheritdoc/>
    public override string ToString() => LayerReasonText.Of(this);
}
