using EtfNet.Benchmarks.Limits;

namespace EtfNet.Benchmarks.Paired;

/// <summary>The medians of two methods that alternate, and of a copy of as many bytes where the bytes say something.</summary>
/// <param name="Name">The name.</param>
/// <param name="Reference">The name of the reference.</param>
/// <param name="Batch">Rows of the input.</param>
/// <param name="Width">The width of the layer.</param>
/// <param name="Rank">The rank of an aligned frame.</param>
/// <param name="Work">A method of a <see cref="Subject"/>.</param>
/// <param name="Other">The reference, a method of the same or another subject.</param>
internal sealed record AlternatedRatio(string Name, string Reference, long Batch, long Width, int? Rank, Action Work, Action Other)
    : Ratio(Name, Reference, Batch, Width, Rank)
{
    /// <summary>Whether the bytes held between steps are compared instead of times.</summary>
    public bool ComparesBytes { get; init; }

    public override RatioResult Measure(TimeSpan budget)
    {
        var (work, other) = ((Subject)Work.Target!, (Subject)Other.Target!);
        var bytes = work.CostOf(Work.Method.Name).Bytes;
        var copy = new PlainCopy { Bytes = (long)bytes };
        Subject[] subjects = [.. new[] { work, other, copy }.Distinct()];
        try
        {
            foreach (var subject in subjects)
                subject.Setup();
            return ComparesBytes
                ? Result(work.LiveTensorBytes, other.LiveTensorBytes) with { Unit = "B" }
                : Times(budget, bytes, copy.Copy);
        }
        finally
        {
            foreach (var subject in subjects)
                subject.Dispose();
        }
    }

    private RatioResult Times(TimeSpan budget, double bytes, Action copy)
    {
        var medians = new Alternation(budget, RunSettings.Current.Synchronize).Medians(bytes > 0 ? [Work, Other, copy] : [Work, Other]);
        var result = Result(medians[0], medians[1]);
        return bytes == 0 ? result : result with { GigabytesPerSecond = bytes / medians[0] / 1e6, OfCopy = medians[2] / medians[0] };
    }
}
