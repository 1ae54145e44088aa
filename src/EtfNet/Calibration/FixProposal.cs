namespace EtfNet;

/// <summary>What calibration found.</summary>
/// <param name="Fixes">The fixes to make, in forward order.</param>
/// <param name="Waiting">Why the other ready layers wait.</param>
/// <param name="Before">The batch norms' statistics before the fixes; null where none is made or nothing was replayed.</param>
/// <param name="After">Those after them.</param>
/// <param name="TrialGap">Why the cost of the fixes for the network could not be tried in full; null if it was.</param>
internal sealed record FixProposal(
    IReadOnlyList<PreparedFix> Fixes, IReadOnlyList<LayerDecision> Waiting, BatchNormAverages? Before, BatchNormAverages? After,
    LayerReason? TrialGap) : IDisposable
{
    /// <summary>Brings the running statistics of the batch norms behind the fixed layers up to date. Call it once the fixes are
    /// made.</summary>
    public void UpdateRunningStatistics()
    {
        if (Before is not null)
            After?.Apply(Before);
    }

    public void Dispose()
    {
        foreach (var prepared in Fixes)
            prepared.Bias?.Dispose();
        Before?.Dispose();
        After?.Dispose();
    }
}
