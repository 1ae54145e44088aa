namespace EtfNet.Samples;

/// <summary>One finished epoch of a run, with what the layers were fixed at its end already in effect.</summary>
/// <param name="Epoch">Counted from 1.</param>
/// <param name="Loss">The mean training loss.</param>
/// <param name="LearningRate">The learning rate of the epoch.</param>
/// <param name="TrainAccuracy">Over the whole training set in eval mode after the epoch, a fraction.</param>
/// <param name="TestAccuracy">The same over the test set.</param>
/// <param name="Seconds">Training time: without the accuracies, and with the monitoring only where it is part of the method.</param>
/// <param name="MonitoringSeconds">Time spent in watching (and fixing) layers.</param>
/// <param name="Footprint">Parameters and bytes after the epoch.</param>
/// <param name="Layers">The layers after the epoch.</param>
/// <param name="Geometry">The class means of some layers after the epoch; null where they were not measured.</param>
public sealed record EpochResult(
    int Epoch,
    double Loss,
    double LearningRate,
    double TrainAccuracy,
    double TestAccuracy,
    double Seconds,
    double MonitoringSeconds,
    ModelFootprint Footprint,
    LayerStatus Layers,
    IReadOnlyList<LayerGeometry>? Geometry = null);
