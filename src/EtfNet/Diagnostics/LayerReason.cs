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

    /// <summary>Only one class was seen, and a single class is always nearest to itself.</summary>
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

    /// <summary>The user froze its weight; the layer is left alone until the weight is unfrozen.</summary>
    Frozen,

    /// <summary>It can never be fixed: no frame of its shape exists, its weight is shared, or it cannot be reached.</summary>
    NotFixable,

    /// <summary>None of the given optimizers trains its weight, or none has changed the weight since the layer was reverted.</summary>
    NotTrained,

    /// <summary>The user reverted the fix by hand, and has not allowed another one since.</summary>
    RevertedByHand,

    /// <summary>The guard reverted the fix, because it cost too much.</summary>
    RevertedByGuard,

    /// <summary>Its fix was undone because an earlier state of the training was restored.</summary>
    Restored,

    /// <summary>It is the network's head, and not all of its classes have been seen.</summary>
    ClassesUnseen,

    /// <summary>It is ready, but enough layers are fixed at the end of this epoch (<see cref="AdaptiveEtfOptions.MaxPerEpoch"/>).</summary>
    MaxPerEpoch,

    /// <summary>Its inputs were never seen, so no frame can be fitted.</summary>
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

    /// <summary>The layer was fixed without a trial: the model cannot be called again with its kept inputs.</summary>
    NoReplay,

    /// <summary>The layer was fixed without a trial of the network's error: the model's outputs are not one row per label.</summary>
    OutputsNotScored,

    /// <summary>It was cut off with the tail at the end of this epoch (<see cref="AdaptiveEtfOptions.Tail"/>).</summary>
    CutOff,

    /// <summary>It is judged again at the end of the next epoch, because the model was cut, or its tail was restored, at the end of this
    /// one.</summary>
    ModelChanged,

    /// <summary>It is ready, but the calibration of other layers uses up the share of the epoch for calibration
    /// (<see cref="AdaptiveEtfOptions.MaxCalibrationShare"/>).</summary>
    CalibrationBudget,

    /// <summary>It is ready, but the model threw when it was called again, in evaluation mode, with inputs that it saw.</summary>
    ReplayFailed,

    /// <summary>The layer was fixed without a trial of the network's loss: the model's outputs do not predict the labels.</summary>
    LossNotScored,

    /// <summary>It is ready, but no inputs of this epoch were kept, as after a state was loaded within an epoch.</summary>
    NoSample,
}
