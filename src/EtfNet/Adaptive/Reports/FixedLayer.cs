namespace EtfNet;

/// <summary>A layer that was fixed as a simplex ETF.</summary>
public sealed record FixedLayer
{
    /// <summary>Gets the layer's name in the model.</summary>
    public required string Name { get; init; }

    /// <summary>Gets the epoch at whose end the layer was fixed, counted from 1; 0 if before training.</summary>
    public required int Epoch { get; init; }

    /// <summary>Gets the nearest-class-center error at that moment, a fraction in [0, 1]; null if it was fixed before training.</summary>
    public required double? NccError { get; init; }

    /// <summary>Gets the frame.</summary>
    public required FixedFrame Frame { get; init; }

    /// <summary>Gets the number of directions of an aligned frame; null for the other kinds.</summary>
    public required int? Rank { get; init; }

    /// <summary>Gets the relative output error of the frame over the calibration sample; null if it was not measured.</summary>
    public required double? OutputError { get; init; }

    /// <summary>Gets the network's mean cross entropy over the calibration sample before the fixes of that epoch; null if it was not
    /// measured.</summary>
    public double? LossBefore { get; init; }

    /// <summary>Gets the network's mean cross entropy over the calibration sample with this fix and those made before it; null if it was
    /// not measured.</summary>
    public double? LossAfter { get; init; }

    /// <summary>Gets why the fix was made without a trial of its cost for the network; null if there was a trial.</summary>
    public LayerReason? TrialGap { get; init; }

    /// <summary>Gets the number of weights that are no longer trained.</summary>
    public required long ParametersFixed { get; init; }

    /// <summary>Gets why the weight is kept in the layer's own module (fixed in place); null if the layer was replaced.</summary>
    public required string? InPlaceReason { get; init; }

    /// <summary>Gets whether the weight is kept in the layer's own module instead of being freed.</summary>
    public bool InPlace => InPlaceReason is not null;

    internal static FixedLayer From(LayerFix fix, int epoch, double? nccError, double? outputError) => new()
    {
        Name = fix.Name,
        Epoch = epoch,
        NccError = nccError,
        Frame = new FixedFrame(fix.Header.Kind, fix.Header.Shape.IsColumnFrame),
        Rank = fix.Header.Kind == EtfFrameKind.Aligned ? fix.Header.Rank : null,
        OutputError = outputError,
        ParametersFixed = FixedModules.WeightCount(fix.Current),
        InPlaceReason = fix.InPlaceReason,
    };
}
