namespace EtfNet;

/// <content>What happens to the layers past the depth that the network needs.</content>
public sealed partial record AdaptiveEtfOptions
{
    /// <summary>Gets whether the layers past the depth that the network needs are cut off during training.</summary>
    /// <value>
    /// The default is <see cref="TailPolicy.Keep"/>. With <see cref="TailPolicy.Cut"/> the scheduler tries cuts at the end of an epoch,
    /// behind the layers past the effective depth: those that are ready to be fixed by their errors, as are all later layers (<see
    /// cref="Epsilon"/>, or <see cref="RelativeEpsilon"/> if it is set; with few samples the upper end of the 95% interval counts).
    /// One half of the calibration sample fits a ridge head to each of these layers; the other half scores the heads. The model is cut
    /// behind the first layer whose head has at most <see cref="TailTolerance"/> less accuracy than the model. It is cut once, and not in
    /// the first <see cref="WarmupEpochs"/>. Around the cut, the model must be a <c>Sequential</c> or nested ones, and an optimizer that
    /// the scheduler knows must train the tail. Otherwise the model keeps training without a cut, and <see cref="EtfReport.Tail"/> says
    /// why. <see cref="Guard"/> judges a cut as it judges fixes. <see cref="Include"/> and <see cref="Exclude"/> choose which layers are
    /// fixed, not where the model is cut. <see cref="TailPolicy.Cut"/> cannot be combined with <see cref="Collective"/>.
    /// </value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a defined policy.</exception>
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
