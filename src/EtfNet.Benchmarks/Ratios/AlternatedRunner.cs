using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Benchmarks.Ratios;

/// <summary>Measures both sides of a case in turn, so that a busy moment of the machine meets both, and takes medians.</summary>
/// <param name="budget">The time for one case; the least number of rounds may exceed it.</param>
internal sealed class AlternatedRunner(TimeSpan budget)
{
    /// <summary>Gets the time for one case; what needs many pairs to be told apart takes a multiple of it.</summary>
    public TimeSpan Budget => budget;

    private const int LeastRounds = 3;
    private const int MostRounds = 41;

    /// <summary>A sample lasts at least this long: short work is repeated within it.</summary>
    private static readonly TimeSpan s_sample = TimeSpan.FromMilliseconds(8);

    /// <summary>Long enough for the runtime to have compiled the managed part of a short step for good.</summary>
    private static readonly TimeSpan s_warmUp = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Brings glibc's allocator to where it is in every process that has trained for a while: once a large block was freed, it keeps freed memory instead of
    /// giving it back to the system, which would map each page anew at every step.
    /// </summary>
    public static void SettleAllocator() => ones(30 * 1024 * 1024 / sizeof(float)).Dispose();

    public RatioResult Measure(string name, RatioCase ratioCase)
    {
        using var work = ratioCase.Prepare();
        if (work.Counted is { } counted)
            return new RatioResult(name, ratioCase.Batch, ratioCase.Width, ratioCase.Rank, counted.Work, ratioCase.Reference, counted.Reference);
        using var source = work.Bytes > 0 ? ones(work.Bytes / sizeof(float) / 2) : null;
        using var target = source is null ? null : empty_like(source);
        void Copy() => target!.copy_(source!);

        List<(Action Step, int Repeats, List<double> Samples)> sides = [(work.Work, Repeats(work.Work), []), (work.Reference, Repeats(work.Reference), [])];
        if (source is not null)
            sides.Add((Copy, Repeats(Copy), []));

        var clock = Stopwatch.StartNew();
        for (var round = 0; round < LeastRounds || (round < MostRounds && clock.Elapsed < budget); round++)
            foreach (var (step, repeats, samples) in sides)
                samples.Add(Time(step, repeats));

        var medians = sides.ConvertAll(side => Median(side.Samples));
        return new RatioResult(name, ratioCase.Batch, ratioCase.Width, ratioCase.Rank, medians[0], ratioCase.Reference, medians[1])
        {
            Rate = source is null ? null : (work.Bytes / medians[0] / 1e6, medians[2] / medians[0]),
        };
    }

    /// <summary>Warms up, and counts how often the step fits a sample.</summary>
    private static int Repeats(Action step)
    {
        var clock = Stopwatch.StartNew();
        do
            Time(step, 2);
        while (clock.Elapsed < s_warmUp);
        var once = Time(step, 1);
        return Math.Clamp((int)Math.Ceiling(s_sample.TotalMilliseconds / Math.Max(once, 1e-4)), 1, 200);
    }

    private static double Time(Action step, int repeats)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < repeats; i++)
            step();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds / repeats;
    }

    private static double Median(List<double> samples)
    {
        samples.Sort();
        return (samples[(samples.Count - 1) / 2] + samples[samples.Count / 2]) / 2;
    }
}
