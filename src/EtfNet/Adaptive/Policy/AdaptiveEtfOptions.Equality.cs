namespace EtfNet;

/// <content>When two options are the same.</content>
public sealed partial record AdaptiveEtfOptions
{
    /// <summary>Whether two options have equal values; lists are compared by their elements.</summary>
    /// <param name="other">The other options.</param>
    /// <returns>True where all values agree.</returns>
    public bool Equals(AdaptiveEtfOptions? other) =>
        other is not null && Include.SequenceEqual(other.Include) && Exclude.SequenceEqual(other.Exclude)
            && Values().Equals(other.Values());

    /// <inheritdoc/>
    public override int GetHashCode() => Values().GetHashCode();

    private object Values() => (
        (Epsilon, RelativeEpsilon, RelativeBound, RelativeWarmupEpochs), Patience, WarmupEpochs, Order, MaxPerEpoch, MaxOutputError, Frame,
        (MatchOutputs, Decision, RequireConfidence, ClassCount, CalibrationSamples, MaxCalibrationShare, Guard),
        (MaxErrorRise, MaxLossRise, FeaturePoint, Pooling, Logger, LeaveOneOut),
        (ScoreEvery, MinimumScored, Seed, MaxPendingBytes, IgnoreIndex, Logits, TokenMask, Deterministic),
        (Collective, GradientBucketBytes, Tail, TailTolerance));
}
