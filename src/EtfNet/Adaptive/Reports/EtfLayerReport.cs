using static System.FormattableString;

namespace EtfNet;

/// <summary>A layer in the report of an epoch.</summary>
/// <param name="Name">The layer's name in the model.</param>
/// <param name="NccError">Its nearest-class-center error, a fraction in [0, 1]; null if there is none (<paramref name="Decision"/> says
/// why).</param>
/// <param name="Interval">The 95% interval of the error (Wilson); null if there is no error.</param>
/// <param name="IsFixed">Whether the layer is a fixed simplex ETF, fixed by the scheduler or before it.</param>
/// <param name="Decision">The decision about the layer, and its reason.</param>
public sealed record EtfLayerReport(string Name, double? NccError, ErrorInterval? Interval, bool IsFixed, LayerDecision Decision)
{
    /// <summary>Gets how the scheduler fixed the layer; null while it is trained, or if it was fixed before.</summary>
    public FixedLayer? Fix { get; init; }

    /// <summary>Gets whether a guard still keeps the layer's old weight.</summary>
    public bool IsOnTrial { get; init; }

    /// <summary>Gets in words why the layer is not fixed, why it has no error, or how it was fixed.</summary>
    public string Note => Fix is not { } fix ? Decision.ToString()
        : Invariant($"{fix.Frame}{(fix.Rank is { } rank ? $" (rank {rank})" : "")} since epoch {fix.Epoch}")
            + (fix.InPlace ? ", in place" : "") + (IsOnTrial ? ", on trial: its old weight is kept" : "")
            + (fix.TrialGap is { } gap ? ", " + new LayerDecision(Name, gap) : "");
}
