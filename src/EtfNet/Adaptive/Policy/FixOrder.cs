namespace EtfNet;

/// <summary>Which of the ready layers is fixed first.</summary>
public enum FixOrder
{
    /// <summary>The latest layers first: the layers before them can still adapt to the frame. The default.</summary>
    LatestFirst,

    /// <summary>All layers at once, each on its own error, as in Liu, arXiv 2412.00884 (Adaptive-ETF).</summary>
    Independent,

    /// <summary>The latest layers first, and no layer is fixed until the error of every later layer is at or below epsilon (the effective
    /// depth of Galanti et al., arXiv 2202.09028).</summary>
    PastEffectiveDepth,
}

/// <summary>How the errors that decide on fixes are measured.</summary>
public enum FixDecision
{
    /// <summary>On the training forwards of the epoch, scored against the centers of the previous epoch, without extra forwards. The
    /// default.</summary>
    Online,

    /// <summary>With passes in evaluation mode over a bounded sample of the epoch's batches
    /// (<see cref="AdaptiveEtfOptions.CalibrationSamples"/>).</summary>
    Exact,
}
