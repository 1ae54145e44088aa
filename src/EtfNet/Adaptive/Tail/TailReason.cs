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
    /// No tail has collapsed: there is no layer from which on all errors are at or below <see cref="AdaptiveEtfOptions.Epsilon"/>, but the
    /// last.
    /// </summary>
    NotCollapsed,

    /// <summary>No optimizer that is known trains the tail, so that none would train the head.</summary>
    NoOptimizer,

    /// <summary>No cut can be tried: the model cannot be called again with what it saw.</summary>
    NoReplay,

    /// <summary>The calibration sample holds too few samples with labels to try a cut on.</summary>
    TooFewSamples,

    /// <summary>The model can be cut nowhere, or a trial is not possible.</summary>
    NotPossible,

    /// <summary>Every cut would cost more accuracy than <see cref="AdaptiveEtfOptions.TailTolerance"/>.</summary>
    CostAboveLimit,

    /// <summary>The guard took the cut back: it cost too much.</summary>
    RevertedByGuard,

    /// <summary>The user took the cut back by hand, and has not allowed another one since.</summary>
    RevertedByHand,
}
