namespace EtfNet;

/// <summary>Options in words, to find those in which ranks differ.</summary>
internal static class OptionFacts
{
    public static IReadOnlyList<NamedFingerprint> Of(AdaptiveEtfOptions options) =>
    [
        Fact(nameof(options.Epsilon), options.Epsilon), Fact(nameof(options.RelativeEpsilon), options.RelativeEpsilon),
        Fact(nameof(options.RelativeBound), options.RelativeBound),
        Fact(nameof(options.RelativeWarmupEpochs), options.RelativeWarmupEpochs),
        Fact(nameof(options.Patience), options.Patience), Fact(nameof(options.WarmupEpochs), options.WarmupEpochs),
        Fact(nameof(options.Order), options.Order), Fact(nameof(options.MaxPerEpoch), options.MaxPerEpoch),
        Fact(nameof(options.MaxOutputError), options.MaxOutputError), Fact(nameof(options.MaxErrorRise), options.MaxErrorRise),
        Fact(nameof(options.MaxLossRise), options.MaxLossRise), Fact(nameof(options.Frame), options.Frame),
        Fact(nameof(options.MatchOutputs), options.MatchOutputs), Fact(nameof(options.Decision), options.Decision),
        Fact(nameof(options.RequireConfidence), options.RequireConfidence), Fact(nameof(options.ClassCount), options.ClassCount),
        Fact(nameof(options.Include), string.Join(' ', options.Include)), Fact(nameof(options.Exclude), string.Join(' ', options.Exclude)),
        Fact(nameof(options.FeaturePoint), options.FeaturePoint), Fact(nameof(options.Pooling), options.Pooling),
        Fact(nameof(options.ScoreEvery), options.ScoreEvery), Fact(nameof(options.MinimumScored), options.MinimumScored),
        Fact(nameof(options.Seed), options.Seed), Fact(nameof(options.IgnoreIndex), options.IgnoreIndex),
        Fact(nameof(options.CalibrationSamples), options.CalibrationSamples), Fact(nameof(options.LeaveOneOut), options.LeaveOneOut),
        Fact(nameof(options.MaxCalibrationShare), options.MaxCalibrationShare),
        Fact(nameof(options.GradientBucketBytes), options.GradientBucketBytes),
        Fact(nameof(options.Tail), options.Tail), Fact(nameof(options.TailTolerance), options.TailTolerance),
        Fact(nameof(options.Guard),
            options.Guard is { } guard ? FormattableString.Invariant($"{guard.Tolerance} for {guard.GraceEpochs}") : null),
    ];

    private static NamedFingerprint Fact(string name, object? value) => new(name, 0, FormattableString.Invariant($"{value ?? "null"}"));
}
