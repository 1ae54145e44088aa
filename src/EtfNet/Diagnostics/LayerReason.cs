namespace EtfNet;

/// <summary>Why a layer is fixed, or is not.</summary>
public enum LayerReason
{
    /// <summary>No epoch has ended yet.</summary>
    NotJudged,

    /// <summary>It meets every condition and is fixed at the end of this epoch.</summary>
    Ready,

    /// <summary>It is fixed already.</summary>
    Fixed,

    /// <summary>It is measured, but is not among the layers that may be fixed.</summary>
    NotACandidate,

    /// <summary>It has no error: the first epoch has no centers to score against, or no sample was scored.</summary>
    NoError,

    /// <summary>Only one class was seen: a single class is always nearest to itself.</summary>
    OneClass,

    /// <summary>Its error is above epsilon.</summary>
    ErrorAboveEpsilon,

    /// <summary>Its error is at or below epsilon, but the error's 95% interval reaches above it.</summary>
    NotCertain,

    /// <summary>Nothing is fixed in the first epochs (<see cref="AdaptiveEtfOptions.WarmupEpochs"/>).</summary>
    WarmingUp,

    /// <summary>It has not met epsilon for enough epochs in a row (<see cref="AdaptiveEtfOptions.Patience"/>).</summary>
    Patience,

    /// <summary>A later layer's error is above epsilon (<see cref="FixOrder.PastEffectiveDepth"/>).</summary>
    LaterLayerAboveEpsilon,

    /// <summary>The user froze its weight; it is left alone until that is undone.</summary>
    Frozen,

    /// <summary>It can never be fixed: no frame of its shape exists, its weight is shared, or it cannot be reached.</summary>
    NotFixable,

    /// <summary>None of the given optimizers trains its weight, or none has moved it since it was taken back.</summary>
    NotTrained,

    /// <summary>The user took the fix back by hand, and has not allowed another one since.</summary>
    RevertedByHand,

    /// <summary>The guard took the fix back: it cost too much.</summary>
    RevertedByGuard,

    /// <summary>Its fix was undone by going back to an earlier state of the training.</summary>
    Restored,

    /// <summary>It is the network's head, and not all of its classes have been seen.</summary>
    ClassesUnseen,

    /// <summary>It is ready, but enough layers are fixed at the end of this epoch (<see cref="AdaptiveEtfOptions.MaxPerEpoch"/>).</summary>
    MaxPerEpoch,

    /// <summary>Its inputs were never seen, so that no frame can be fitted.</summary>
    InputsNotSeen,

    /// <summary>No frame could be fitted.</summary>
    CannotFit,

    /// <summary>A frame's outputs would be too far from the layer's (<see cref="AdaptiveEtfOptions.MaxOutputError"/>).</summary>
    OutputErrorAboveLimit,

    /// <summary>The nearest-class-center error of the network's outputs would rise too much
    /// (<see cref="AdaptiveEtfOptions.MaxErrorRise"/>).</summary>
    ErrorRiseAboveLimit,

    /// <summary>The network's loss would rise too much (<see cref="AdaptiveEtfOptions.MaxLossRise"/>).</summary>
    LossRiseAboveLimit,

    /// <summary>A fix was tried and refused; it is tried again later.</summary>
    RetryLater,

    /// <summary>The cost of a fix could not be tried: the model cannot be called again with what it saw.</summary>
    NoReplay,

    /// <summary>The cost of a fix could not be tried: the model's outputs are not one row per label.</summary>
    OutputsNotScored,

    /// <summary>It went at the end of this epoch: the model was cut before it (<see cref="AdaptiveEtfOptions.Tail"/>).</summary>
    CutOff,

    /// <summary>It is judged again at the end of the next epoch: the model was cut, or its tail came back, at the end of this
    /// one.</summary>
    ModelChanged,

    /// <summary>It is ready, but the calibration of other layers takes what the epoch allows for it
    /// (<see cref="AdaptiveEtfOptions.MaxCalibrationShare"/>).</summary>
    CalibrationBudget,
}
