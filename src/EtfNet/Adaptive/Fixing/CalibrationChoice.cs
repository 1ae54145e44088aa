namespace EtfNet;

/// <summary>The calibration options that follow from the scheduler's options and from the classes seen in an epoch.</summary>
internal static class CalibrationChoice
{
    public static CalibrationOptions For(AdaptiveEtfOptions options, CollapseReport collapse)
    {
        var seen = collapse.Layers.Select(layer => layer.PresentClasses).DefaultIfEmpty(0).Max();
        return new CalibrationOptions(
            options.Frame ?? EtfFrame.Aligned(DefaultRank(options.ClassCount ?? seen)), options.MatchOutputs, options.MaxPerEpoch,
            options.MaxOutputError, options.MaxErrorRise, options.MaxLossRise, options.Pooling, seen)
        {
            ClassCount = options.ClassCount,
            Samples = options.CalibrationSamples,
            MaxShare = options.MaxCalibrationShare,
        };
    }

    /// <summary>At least twice as many directions as classes, rounded up until they and the centering fill whole vectors of 16.</summary>
    private static int DefaultRank(int classes) => (2 * Math.Max(2, classes) + 16) / 16 * 16 - 1;
}
