namespace EtfNet;

/// <summary>Which of the layers that are ready is fixed first.</summary>
public enum FixOrder
{
    /// <summary>The latest layers first: what comes before them can still adapt to the frame. The default.</summary>
    LatestFirst,

    /// <summary>All layers at once, each on its own error, as in Liu, arXiv 2412.00884 (Adaptive-ETF).</summary>
    Independent,

    /// <summary>The latest first, and none before every later layer's error is at or below epsilon (the effective depth of Galanti et al.,
    /// arXiv 2202.09028).</summary>
    PastEffectiveDepth,
}

/// <summary>Where the errors come from that decide.</summary>
public enum FixDecision
{
    /// <summary>The training forwards of the epoch, scored against the centers of the epoch before: no extra forward. The
    /// default.</summary>
    Online,

    /// <summary>A pass in evaluation mode over a bounded sample of the epoch's batches
    /// (<see cref="AdaptiveEtfOptions.CalibrationSamples"/>).</summary>
    Exact,
}
