using Microsoft.Extensions.Logging;

namespace EtfNet;

/// <summary>All messages of the library. Event ids are stable.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information,
        "Epoch {Epoch}: layer {Layer} fixed as a simplex ETF ({Frame}) at NCC error {Error:0.0000}, "
        + "relative output error {OutputError:0.000}.")]
    public static partial void LayerFixed(ILogger logger, int epoch, string layer, string frame, double? error, double? outputError);

    [LoggerMessage(2, LogLevel.Information, "Epoch {Epoch}: layer {Layer} is trained again: {Reason}.")]
    public static partial void LayerReverted(ILogger logger, int epoch, string layer, string reason);

    [LoggerMessage(3, LogLevel.Information, "Layer {Layer} is fixed in place; its weight is not freed: {Reason}.")]
    public static partial void LayerFixedInPlace(ILogger logger, string layer, string reason);

    [LoggerMessage(4, LogLevel.Warning,
        "No optimizer was given: optimizer state of layer {Layer} stays in memory ({Bytes} bytes for each number kept per weight). "
        + "Pass the optimizer to ApplyAdaptiveEtf, or to AddOptimizer.")]
    public static partial void NoOptimizer(ILogger logger, string layer, long bytes);

    [LoggerMessage(5, LogLevel.Information, "Epoch {Epoch}: layer {Layer} waits: {Reason}.")]
    public static partial void LayerWaits(ILogger logger, int epoch, string layer, string reason);

    [LoggerMessage(6, LogLevel.Warning, "Layer {Layer} cannot be fixed: {Reason}.")]
    public static partial void LayerSkipped(ILogger logger, string layer, string reason);

    [LoggerMessage(7, LogLevel.Information,
        "The optimizer {Optimizer} was disposed, or the model was moved since it was made: it is no longer used.")]
    public static partial void OptimizerForgotten(ILogger logger, string optimizer);

    [LoggerMessage(8, LogLevel.Warning,
        "Layer {Layer} is trained again, but no optimizer has moved its weight since: call AddOptimizer with the optimizer in use.")]
    public static partial void LayerUntrained(ILogger logger, string layer);

    [LoggerMessage(9, LogLevel.Warning,
        "Layer {Layer} is trained again, but no optimizer is known: one that was made while the layer was fixed cannot train it. "
        + "Call AddOptimizer.")]
    public static partial void LayerWithoutOptimizer(ILogger logger, string layer);

    [LoggerMessage(10, LogLevel.Warning, "{Message}")]
    public static partial void Kernels(ILogger logger, string message);

    [LoggerMessage(
        11, LogLevel.Information,
        "Epoch {Epoch}: the model is cut behind layer {Layer}: {Saved} of {Before} parameters removed; "
        + "accuracy on the calibration sample {AccuracyBefore:0.0000} before, {AccuracyAfter:0.0000} after.")]
    public static partial void TailCut(
        ILogger logger, int epoch, string layer, long saved, long before, double accuracyBefore, double accuracyAfter);

    [LoggerMessage(12, LogLevel.Information, "Epoch {Epoch}: the model's tail is {Reason}.")]
    public static partial void TailReverted(ILogger logger, int epoch, string reason);

    [LoggerMessage(13, LogLevel.Information, "Epoch {Epoch}: the model's tail is {Reason}.")]
    public static partial void TailStays(ILogger logger, int epoch, string reason);

    [LoggerMessage(
        20, LogLevel.Warning,
        "Epoch {Epoch}: {Count} forwards in training mode had no labels and were left out. Observe each, or exclude them with Suspend().")]
    public static partial void UnlabeledForwards(ILogger logger, int epoch, long count);
}
