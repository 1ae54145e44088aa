namespace EtfNet;

/// <summary>How much a fix may cost the network, measured on its outputs over the sample.</summary>
internal static class TrialLimits
{
    /// <summary>A smaller rise of the loss does not count, however small the loss has become.</summary>
    private const double LossSlack = 0.001;

    /// <summary>Why a tried fix is refused: it would cost the network too much; null if it is not refused.</summary>
    /// <param name="layer">The layer's name.</param>
    /// <param name="options">The limits.</param>
    /// <param name="first">The outputs before the first of this epoch's fixes.</param>
    /// <param name="before">The outputs before this fix.</param>
    /// <param name="after">The outputs with it.</param>
    public static LayerDecision? Refusal(
        string layer, CalibrationOptions options, TrialOutputs first, TrialOutputs before, TrialOutputs after)
    {
        if (!double.IsPositiveInfinity(options.MaxErrorRise) && (before.NccError(), after.NccError()) is ({ } error, { } errorAfter)
            && errorAfter - error > options.MaxErrorRise)
            return Above(LayerReason.ErrorRiseAboveLimit, error, errorAfter, options.MaxErrorRise);
        // Compared with the outputs before the first of this epoch's fixes, so that their total cost is limited; a standard error is added,
        // because the sample is only part of the data.
        if (!double.IsPositiveInfinity(options.MaxLossRise) && (first.Loss(), after.LossOf(first)) is ({ } loss, { } lossAfter)
            && !(lossAfter - loss + after.RiseError(first) <= Math.Max(options.MaxLossRise * loss, LossSlack)))
            return Above(LayerReason.LossRiseAboveLimit, loss, lossAfter, options.MaxLossRise);
        return null;

        LayerDecision Above(LayerReason reason, double was, double value, double limit) =>
            new(layer, reason) { Before = was, Value = value, Limit = limit };
    }
}
