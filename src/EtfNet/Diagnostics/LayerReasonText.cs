using static System.FormattableString;

namespace EtfNet;

/// <summary>Decisions in words, for reports, logs and messages.</summary>
internal static class LayerReasonText
{
    public static string Of(LayerDecision decision) => decision.Reason switch
    {
        LayerReason.NotJudged => "",
        LayerReason.Ready => "ready",
        LayerReason.Fixed => "fixed",
        LayerReason.NotACandidate => "not a layer to be fixed",
        LayerReason.NoError => decision.Detail ?? "no error yet",
        LayerReason.OneClass => "only one class was seen",
        LayerReason.ErrorAboveEpsilon => "error above epsilon",
        LayerReason.NotCertain => "not certain enough: the interval reaches above epsilon",
        LayerReason.WarmingUp => $"warming up for {Words.Count((long)decision.Limit!, "epoch")}",
        LayerReason.Patience => Invariant($"{decision.Value} of {decision.Limit} epochs at or below epsilon"),
        LayerReason.LaterLayerAboveEpsilon => "a later layer's error is above epsilon",
        LayerReason.Frozen => "frozen: its weight has requires_grad false",
        LayerReason.NotFixable => decision.Detail ?? "it cannot be fixed",
        LayerReason.NotTrained => decision.Detail ?? "none of the given optimizers trains its weight",
        LayerReason.RevertedByHand => "reverted by hand: Allow lets it be fixed again",
        LayerReason.RevertedByGuard =>
            Invariant($"reverted: fixing it in epoch {decision.Epoch} cost {decision.Value:0.0000}, more than {decision.Limit:0.0000}"),
        LayerReason.Restored => "trained again: an earlier state was restored",
        LayerReason.ClassesUnseen =>
            Invariant($"waits: it is the head of {decision.Limit} classes, of which {decision.Value} have been seen"),
        LayerReason.MaxPerEpoch => $"ready; waits for its turn: at most {Words.Count((long)decision.Limit!, "layer")} per epoch",
        LayerReason.InputsNotSeen => "ready, but its inputs are not seen in evaluation mode: the model calls it in training only, "
            + "or calls its forward instead of call",
        LayerReason.CannotFit => $"no frame could be fitted: {decision.Detail}",
        LayerReason.OutputErrorAboveLimit =>
            Invariant($"waits: a frame's outputs would be {decision.Value:0.00} away, more than {decision.Limit:0.00}"),
        LayerReason.ErrorRiseAboveLimit =>
            Invariant($"waits: the outputs' NCC error would rise from {decision.Before:0.000} to {decision.Value:0.000}")
            + Invariant($", by more than {decision.Limit:0.000}"),
        LayerReason.LossRiseAboveLimit =>
            Invariant($"waits: the network's loss would rise from {decision.Before:0.0000} to {decision.Value:0.0000}")
            + Invariant($", by more than {decision.Limit:0.##%}"),
        LayerReason.RetryLater => Invariant($"{decision.Refusal}; tried again at the end of epoch {decision.Epoch}"),
        LayerReason.NoReplay => "fixed without a trial: the model cannot be called again with its kept inputs",
        LayerReason.OutputsNotScored => "fixed without a trial of the network's error: its outputs are not one row per label",
        LayerReason.CutOff => "cut off",
        LayerReason.ModelChanged => "judged again after the next epoch: the model's tail was cut off or restored",
        LayerReason.CalibrationBudget =>
            Invariant($"ready; waits for its turn: calibration takes at most {decision.Limit:0.##%} of an epoch"),
        LayerReason.ReplayFailed =>
            $"waits: the model cannot be called in evaluation mode with inputs that it saw ({decision.Detail}); all that its "
            + "forward reads must be an input",
        LayerReason.NoSample => "ready; waits for the next epoch: no inputs of this one were kept",
        LayerReason.LossNotScored => "fixed without a trial of the network's loss: its outputs do not predict the labels",
        _ => decision.Reason.ToString(),
    };
}
