namespace EtfNet;

/// <summary>What calibration is asked to do, by the options and by the classes that an epoch showed.</summary>
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

    /// <summary>Twice as many directions as classes, and such that with the centering they fill whole vectors of 16.</summary>
    private static int DefaultRank(int classes) => (2 * Math.Max(2, classes) + 16) / 16 * 16 - 1;
}
