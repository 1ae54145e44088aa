using System.Text.Json.Serialization;

namespace EtfNet.Benchmarks.Ratios;

/// <summary>A named piece of work that is measured against a reference, in one or more cases. Add one: a class here and a line in
/// <see cref="RatioRegistry"/>.</summary>
internal abstract class Ratio
{
    /// <summary>The name for <c>--only</c> and in the results.</summary>
    public abstract string Name { get; }

    /// <summary>The cases, in the order in which they are measured.</summary>
    public abstract IEnumerable<RatioCase> Cases();

    /// <summary>Measures a case; where alternating and medians are too coarse, a ratio has a way of its own.</summary>
    public virtual RatioResult Measure(AlternatedRunner runner, RatioCase ratioCase) => runner.Measure(Name, ratioCase);
}

/// <summary>One measurement: the work, the reference, and how to prepare both.</summary>
/// <param name="Reference">The name of the reference.</param>
/// <param name="Batch">Rows of the input; 0 where there is none.</param>
/// <param name="Width">The width of the layer.</param>
/// <param name="Rank">The rank of an aligned frame; null for others.</param>
/// <param name="Prepare">Makes the two sides; called once, before the measurement.</param>
internal sealed record RatioCase(string Reference, long Batch, long Width, int? Rank, Func<PairedWork> Prepare);

/// <summary>The two sides of a case. Each call does one whole step and leaves nothing behind.</summary>
/// <param name="Work">What is measured.</param>
/// <param name="Reference">What it is measured against.</param>
/// <param name="Bytes">The bytes that the work must read and write at least, for the bytes a second; 0 where that says nothing.</param>
/// <param name="Owned">What to dispose afterwards.</param>
internal sealed record PairedWork(Action Work, Action Reference, long Bytes, params IDisposable[] Owned) : IDisposable
{
    /// <summary>What is compared in the place of time, such as bytes; null where time is measured.</summary>
    public (double Work, double Reference)? Counted { get; init; }

    public void Dispose()
    {
        foreach (var owned in Owned)
            owned.Dispose();
    }
}

/// <summary>One line of the results, as it is written to JSON.</summary>
internal sealed record RatioResult(string Name, long Batch, long Width, int? Rank, double MedianMs, string Reference, double ReferenceMs)
{
    /// <summary>Below 1 is faster than the reference.</summary>
    public double Ratio => PairedRatio ?? MedianMs / ReferenceMs;

    /// <summary>The ratio of paired samples, finer than that of the medians; null where they were not paired.</summary>
    [JsonIgnore]
    public double? PairedRatio { get; init; }

    /// <summary>The 95% interval of the paired ratio, low and high.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double[]? Interval { get; init; }

    /// <summary>The number of pairs.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Pairs { get; init; }

    /// <summary>Milliseconds of a step that were spent inside hooks and observing, by their own clock: a cross-check of the
    /// difference.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? InsideMs { get; init; }

    /// <summary>Bytes a second over those of a copy of the same size; null where bytes say nothing.</summary>
    [JsonIgnore]
    public (double GigabytesPerSecond, double OfCopy)? Rate { get; init; }
}
