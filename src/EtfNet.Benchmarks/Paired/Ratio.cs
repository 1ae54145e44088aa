namespace EtfNet.Benchmarks.Paired;

/// <summary>Work that is measured against a reference; <see cref="RatioTable"/> has all of them.</summary>
/// <param name="Name">The name for <c>--only</c> and in the results.</param>
/// <param name="Reference">The name of the reference.</param>
/// <param name="Batch">Rows of the input; 0 where there is none.</param>
/// <param name="Width">The width of the layer.</param>
/// <param name="Rank">The rank of an aligned frame; null for others.</param>
internal abstract record Ratio(string Name, string Reference, long Batch, long Width, int? Rank)
{
    /// <param name="budget">The time; the least number of rounds may exceed it, and what needs many pairs takes a multiple.</param>
    public abstract RatioResult Measure(TimeSpan budget);

    private protected RatioResult Result(double median, double referenceMedian) =>
        new(Name, Batch, Width, Rank, median, Reference, referenceMedian) { Ratio = median / referenceMedian };
}
