using EtfNet.Benchmarks.Measuring;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Benchmarks.Ratios;

/// <summary>Measures both sides of a case in turn, and a copy of as many bytes where the bytes say something.</summary>
/// <param name="budget">The time for one case; the least number of rounds may exceed it.</param>
internal sealed class AlternatedRunner(TimeSpan budget)
{
    /// <summary>Gets the time for one case; what needs many pairs to be told apart takes a multiple of it.</summary>
    public TimeSpan Budget => budget;

    public RatioResult Measure(string name, RatioCase ratioCase)
    {
        using var work = ratioCase.Prepare();
        if (work.Counted is { } counted)
            return new RatioResult(name, ratioCase.Batch, ratioCase.Width, ratioCase.Rank, counted.Work, ratioCase.Reference, counted.Reference);
        using var source = work.Bytes > 0 ? ones(work.Bytes / sizeof(float) / 2) : null;
        using var target = source is null ? null : empty_like(source);
        void Copy() => target!.copy_(source!);

        var medians = new Alternation(budget).Medians(source is null ? [work.Work, work.Reference] : [work.Work, work.Reference, Copy]);
        return new RatioResult(name, ratioCase.Batch, ratioCase.Width, ratioCase.Rank, medians[0], ratioCase.Reference, medians[1])
        {
            Rate = source is null ? null : (work.Bytes / medians[0] / 1e6, medians[2] / medians[0]),
        };
    }
}
