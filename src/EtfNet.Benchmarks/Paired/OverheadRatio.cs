using System.Diagnostics;
using EtfNet.Benchmarks.Training;

namespace EtfNet.Benchmarks.Paired;

/// <summary>A training step with online monitoring of all layers against the same step without.</summary>
/// <remarks>
/// <para>Steps with and without alternate (A B B A); a round is two full turns of the default cadence, which scores one batch in four, or
/// in four for each 1,000 classes. Rounds go on until the 95% interval of the ratio (<see cref="PairedSteps"/>) is narrower than half a
/// percent, or the time is up.</para>
/// <para>The same steps are measured in another way: by a clock started and stopped around every hook of the monitor and around
/// <c>Observe</c>. That misses what the monitor costs elsewhere (memory that lives longer), and is blind to the noise of the step
/// itself.</para>
/// </remarks>
/// <param name="Name">The name.</param>
/// <param name="Options">How the monitor watches.</param>
/// <param name="Rig">Makes the network.</param>
/// <param name="Width">The network's width.</param>
/// <param name="Stride">One batch in so many is scored.</param>
internal sealed record OverheadRatio(
    string Name, NccMonitorOptions Options, Func<TrainingRig> Rig, long Width = TrainingRig.Width, int Stride = 4)
    : Ratio(Name, "trainingStepUnmonitored", TrainingRig.Batch, Width, null)
{
    private const int LeastRounds = 8;
    private const double WantedWidth = 0.005;

    public override RatioResult Measure(TimeSpan budget)
    {
        using var rig = Rig();
        var inside = new Stopwatch();
        // Hooks run in the order in which they came: the monitor's between these two.
        rig.Hook(inside.Start);
        using var monitor = new NccMonitor(rig.Model, Options);
        rig.Hook(inside.Stop);
        WarmUp(rig, monitor);
        inside.Reset();

        // A difference of a percent needs many steps, more of them where only a few ratios are measured.
        var longest = budget * (budget.TotalSeconds < 4 ? 4 : 12);
        var (pairs, clock) = (new PairedSteps(), Stopwatch.StartNew());
        List<double> with = [], without = [];
        (double Ratio, double Low, double High) found;
        do
        {
            for (var i = 0; i < 4 * Stride; i++)
                if (i % 4 is 1 or 2)
                    with.Add(Watched());
                else
                    without.Add(Plain());
            pairs.Add(without[^(2 * Stride)..], with[^(2 * Stride)..]);
            found = pairs.Estimate();
        }
        while (pairs.Rounds < LeastRounds || (found.High - found.Low > WantedWidth && clock.Elapsed < longest));

        return Result(Alternation.Median(with), Alternation.Median(without)) with
        {
            Ratio = found.Ratio,
            Interval = [found.Low, found.High],
            Pairs = with.Count,
            InsideMs = inside.Elapsed.TotalMilliseconds / with.Count,
        };

        double Plain()
        {
            using var suspended = monitor.Suspend();
            return Time(() => rig.Step());
        }

        double Watched() => Time(() => rig.Step(() =>
        {
            inside.Start();
            monitor.Observe(rig.Labels);
            inside.Stop();
        }));

        double Time(Action step)
        {
            var start = Stopwatch.GetTimestamp();
            step();
            RunSettings.Current.Synchronize();
            return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
    }

    /// <summary>Ends an epoch long enough for the cadence of long ones, so that there are centers to score against.</summary>
    private void WarmUp(TrainingRig rig, NccMonitor monitor)
    {
        for (var i = 0; i < 20 * Stride; i++)
        {
            if (i == 18 * Stride)
                monitor.EndEpoch();
            rig.Step(() => monitor.Observe(rig.Labels));
        }
    }
}
