namespace EtfNet;

/// <content>What becomes of the layers behind the depth that the network needs.</content>
public sealed partial record AdaptiveEtfOptions
{
    /// <summary>Gets whether the layers behind the depth that the network needs are cut off while it trains.</summary>
    /// <value>
    /// The default is <see cref="TailPolicy.Keep"/>. With <see cref="TailPolicy.Cut"/> the end of an epoch tries cuts behind the layers
    /// past the effective depth: those that have, with all layers behind them, errors at or below <see cref="Epsilon"/>. On the calibration
    /// sample, one half of it fits a ridge head to each of them, the other half scores the heads. The model is cut behind the first layer
    /// whose head loses at most <see cref="TailTolerance"/> against the model; once, and not in the first <see cref="WarmupEpochs"/>. It
    /// must be a <c>Sequential</c>, or several in one another, around the cut, and an optimizer that is known must train the tail:
    /// otherwise it trains on as it is, and <see cref="EtfReport.Tail"/> says why. <see cref="Guard"/> judges a cut as it does fixes.
    /// <see cref="Include"/> and <see cref="Exclude"/> choose what is fixed, not where the model is cut. Not with
    /// <see cref="Collective"/>.
    /// </value>
    /// <exception cref="ArgumentOutOfRangeException">The value is no policy.</exception>
    public TailPolicy Tail { get; init => field = OptionCheck.Defined(value, nameof(Tail)); }

    /// <summary>Gets the accuracy on the calibration sample that a cut may cost before the head is trained further.</summary>
    /// <value>
    /// A fraction in [0, 1). The default is 0.02, two percentage points. Used with <see cref="TailPolicy.Cut"/> only.
    /// </value>
    /// <exception cref="ArgumentOutOfRangeException">The value lies outside [0, 1).</exception>
    public double TailTolerance
    {
        get;
        init => field = value is >= 0 and < 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(TailTolerance), value, "Must lie in [0, 1).");
    } = 0.02;
}
