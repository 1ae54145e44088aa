using static System.FormattableString;

namespace EtfNet;

/// <summary>The decision about the tail of a model at the end of an epoch. <see cref="ToString"/> gives it in words.</summary>
/// <param name="Reason">Why it was cut off, or was not.</param>
public sealed record TailDecision(TailReason Reason)
{
    /// <summary>Gets the path of the last layer that stays, or would stay, in the model; null if no cut was considered.</summary>
    public string? Layer { get; init; }

    /// <summary>Gets the number that decided: an accuracy lost, a count of samples or epochs, as <see cref="Reason"/> says; null if there
    /// is none.</summary>
    public double? Value { get; init; }

    /// <summary>Gets the limit that <see cref="Value"/> was compared with; null if there is none.</summary>
    public double? Limit { get; init; }

    /// <summary>Gets the epoch at whose end the cut was made, counted from 1; null if none was made.</summary>
    public int? Epoch { get; init; }

    /// <summary>Gets further details, such as why the model cannot be cut; null if there are none.</summary>
    public string? Detail { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Reason switch
    {
        TailReason.NotJudged => "",
        TailReason.Cut => Invariant($"cut off behind '{Layer}' at the end of epoch {Epoch}"),
        TailReason.WarmingUp => $"kept: warming up for {Words.Count((long)Limit!, "epoch")}",
        TailReason.NotCollapsed => Invariant($"kept: no layer except the last one has collapsed to an error of {Limit:0.###}"),
        TailReason.NoOptimizer =>
            "kept: no known optimizer trains it, so none would train the head: pass its optimizer to ApplyAdaptiveEtf or AddOptimizer",
        TailReason.NoReplay => "kept: no cut can be tried, because the model cannot be called again with its kept inputs",
        TailReason.TooFewSamples =>
            Invariant($"kept: a cut is tried on at least {Limit} samples with labels, and the calibration sample leaves {Value}"),
        TailReason.NotPossible => $"kept: {Detail}",
        TailReason.CostAboveLimit =>
            Invariant($"kept: the best cut, behind '{Layer}', would cost {Value:0.0000} of accuracy, more than {Limit:0.0000}"),
        TailReason.RevertedByGuard =>
            Invariant($"restored: the cut behind '{Layer}' of epoch {Epoch} cost {Value:0.0000}, more than {Limit:0.0000}"),
        TailReason.RevertedByHand => $"restored: the cut behind '{Layer}' was reverted by hand; AllowCut lets the model be cut again",
        _ => Reason.ToString(),
    };
}
