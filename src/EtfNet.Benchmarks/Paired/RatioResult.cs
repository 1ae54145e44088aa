namespace EtfNet.Benchmarks.Paired;

/// <summary>One line of the results, as it is written to JSON.</summary>
internal sealed record RatioResult(string Name, long Batch, long Width, int? Rank, double MedianMs, string Reference, double ReferenceMs)
{
    /// <summary>Of the two medians: milliseconds, or bytes.</summary>
    public string Unit { get; init; } = "ms";

    /// <summary>Below 1 is faster than the reference. Of the medians, or of paired samples, which is finer.</summary>
    public double Ratio { get; init; }

    /// <summary>The 95% interval of a paired ratio, low and high.</summary>
    public double[]? Interval { get; init; }

    /// <summary>The number of pairs.</summary>
    public int? Pairs { get; init; }

    /// <summary>Milliseconds of a step that were spent inside hooks and observing, by their own clock: a cross-check of the
    /// difference.</summary>
    public double? InsideMs { get; init; }

    /// <summary>The bytes that the work must move, per second; null where bytes say nothing.</summary>
    public double? GigabytesPerSecond { get; init; }

    /// <summary>The share of the bandwidth of a copy of as many bytes, which alternated with the work.</summary>
    public double? OfCopy { get; init; }
}
