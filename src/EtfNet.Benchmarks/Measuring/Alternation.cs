using System.Diagnostics;

namespace EtfNet.Benchmarks.Measuring;

/// <summary>Runs several pieces of work in turn, so that a busy moment of the machine meets them all, and takes medians.</summary>
/// <param name="budget">The time for all of them; the least number of rounds may exceed it.</param>
/// <param name="synchronize">Waits for the device; called around each timed sample.</param>
internal sealed class Alternation(TimeSpan budget, Action? synchronize = null)
{
    private const int LeastRounds = 3;
    private const int MostRounds = 41;

    /// <summary>
    /// A sample lasts at least this long: short work is repeated within it, so that it finds the caches as it leaves them itself. A
    /// training takes no turns with another network.
    /// </summary>
    private static readonly TimeSpan s_sample = TimeSpan.FromMilliseconds(40);

    /// <summary>Long enough for the runtime to have compiled the managed part of a short step for good.</summary>
    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Brings glibc's allocator to where it is in every process that has trained for a while: once a large block was freed, it keeps freed
    /// memory instead of giving it back to the system, which would map each page anew at every step.
    /// </summary>
    public static void SettleAllocator() => torch.ones(30 * 1024 * 1024 / sizeof(float)).Dispose();

    /// <summary>The median milliseconds of one run of each.</summary>
    public double[] Medians(params IReadOnlyList<Action> steps)
    {
        var timers = steps.Select(Timed).ToArray();
        var samples = timers.Select(_ => new List<double>()).ToArray();
        var clock = Stopwatch.StartNew();
        for (var round = 0; round < LeastRounds || (round < MostRounds && clock.Elapsed < budget); round++)
            for (var i = 0; i < timers.Length; i++)
                samples[i].Add(timers[i]());
        return [.. samples.Select(Median)];
    }

    /// <summary>Warms the step up, counts how often it fits a sample, and gives what takes one.</summary>
    private Func<double> Timed(Action step)
    {
        var clock = Stopwatch.StartNew();
        do
            Time(step, 2);
        while (clock.Elapsed < (budget < s_warmUp ? budget : s_warmUp));
        var once = Time(step, 1);
        var repeats = Math.Clamp((int)Math.Ceiling(s_sample.TotalMilliseconds / Math.Max(once, 1e-4)), 1, 200);
        return () => Time(step, repeats);
    }

    public static double Median(IEnumerable<double> samples)
    {
        var sorted = samples.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private double Time(Action step, int repeats)
    {
        synchronize?.Invoke();
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < repeats; i++)
            step();
        synchronize?.Invoke();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds / repeats;
    }
}
