namespace EtfNet;

/// <summary>Why the tail of a model was cut off, or was not.</summary>
public enum TailReason
{
    /// <summary>No epoch has ended yet.</summary>
    NotJudged,

    /// <summary>The model is cut.</summary>
    Cut,

    /// <summary>No cut is made in the first epochs (<see cref="AdaptiveEtfOptions.WarmupEpochs"/>).</summary>
    WarmingUp,

    /// <summary>
    /// No tail has collapsed: no layer except the last one has an error at or below <see cref="AdaptiveEtfOptions.Epsilon"/> together with
    /// all later layers.
    /// </summary>
    NotCollapsed,

    /// <summary>No known optimizer trains the tail, so none would train the head.</summary>
    NoOptimizer,

    /// <summary>No cut can be tried: the model cannot be called again with its kept inputs.</summary>
    NoReplay,

    /// <summary>The calibration sample has too few labeled samples to try a cut.</summary>
    TooFewSamples,

    /// <summary>The model cannot be cut anywhere, or a trial is not possible.</summary>
    NotPossible,

    /// <summary>Every cut would cost more accuracy than <see cref="AdaptiveEtfOptions.TailTolerance"/>.</summary>
    CostAboveLimit,

    /// <summary>The guard reverted the cut, because it cost too much.</summary>
    RevertedByGuard,

    /// <summary>The user reverted the cut by hand, and has not allowed another one since.</summary>
    RevertedByHand,
}
