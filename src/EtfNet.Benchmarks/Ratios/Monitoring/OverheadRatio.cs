using System.Diagnostics;
using EtfNet.Benchmarks.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Benchmarks.Ratios.Monitoring;

/// <summary>A training step with online monitoring of all layers against the same step without.</summary>
/// <remarks>
/// <para>Steps with and without alternate (A B B A); a round is two full turns of the default cadence, which scores one batch in four, or
/// in four for each 1,000 classes. Rounds go on until the 95% interval of the ratio (<see cref="PairedSteps"/>) is narrower than half a
/// percent, or the time is up.</para>
/// <para>The same steps are measured in another way: by a clock started and stopped around every hook of the monitor and around
/// <c>Observe</c>. That misses what the
/// monitor costs elsewhere (memory that lives longer), and is blind to the noise of the step itself.</para>
/// </remarks>
/// <param name="name">Its name.</param>
/// <param name="options">How the monitor watches.</param>
/// <param name="rig">Makes the network.</param>
/// <param name="width">The network's width.</param>
/// <param name="stride">One batch in so many is scored.</param>
internal sealed class OverheadRatio(
    string name, NccMonitorOptions options, Func<TrainingRig> rig, long width = TrainingRig.Width, int stride = 4) : Ratio
{
    private const int LeastRounds = 8;
    private const double WantedWidth = 0.005;

    private int StepsOfRound => 2 * stride;

    public override string Name => name;

    public override IEnumerable<RatioCase> Cases()
    {
        yield return new RatioCase("trainingStepUnmonitored", TrainingRig.Batch, width, null, () => throw new NotSupportedException());
    }

    public override RatioResult Measure(AlternatedRunner runner, RatioCase ratioCase)
    {
        using var made = rig();
        var inside = new Stopwatch();
        using var clocks = new HookClock(made, inside);
        using var monitor = new NccMonitor(made.Model, options);
        clocks.Close();
        Prepare(made, monitor, stride);
        inside.Reset();

        var ratio = new PairedSteps();
        List<double> with = [], without = [];
        var total = Stopwatch.StartNew();
        (double Ratio, double Low, double High) found;
        do
        {
            List<double> plain = [], watched = [];
            for (var i = 0; i < 2 * StepsOfRound; i++)
                if (i % 4 is 1 or 2)
                    watched.Add(Watched(made, monitor, inside));
                else
                    plain.Add(Plain(made, monitor));

            with.AddRange(watched);
            without.AddRange(plain);
            ratio.Add(plain, watched);
            found = ratio.Estimate();
        }
        while (ratio.Rounds < LeastRounds || (found.High - found.Low > WantedWidth && total.Elapsed < Longest(runner)));

        return new RatioResult(Name, ratioCase.Batch, ratioCase.Width, null, Median(with), ratioCase.Reference, Median(without))
        {
            PairedRatio = found.Ratio,
            Interval = [found.Low, found.High],
            Pairs = ratio.Rounds * StepsOfRound,
            InsideMs = inside.Elapsed.TotalMilliseconds / with.Count,
        };
    }

    /// <summary>A difference of a percent needs many steps, more of them where only a few cases are measured.</summary>
    private static TimeSpan Longest(AlternatedRunner runner) => runner.Budget * (runner.Budget.TotalSeconds < 4 ? 4 : 12);

    /// <summary>Warms up, and ends an epoch long enough for the cadence of long ones, so that there are centers to score against.</summary>
    private static void Prepare(TrainingRig rig, NccMonitor monitor, int stride)
    {
        for (var i = 0; i < 18 * stride; i++)
            rig.Step(() => monitor.Observe(rig.Labels));
        monitor.EndEpoch();
        for (var i = 0; i < 2 * stride; i++)
            rig.Step(() => monitor.Observe(rig.Labels));
    }

    private static double Watched(TrainingRig rig, NccMonitor monitor, Stopwatch inside)
    {
        var start = Stopwatch.GetTimestamp();
        rig.Step(() =>
        {
            inside.Start();
            monitor.Observe(rig.Labels);
            inside.Stop();
        });
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static double Plain(TrainingRig rig, NccMonitor monitor)
    {
        using var suspended = monitor.Suspend();
        var start = Stopwatch.GetTimestamp();
        rig.Step();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static double Median(List<double> samples)
    {
        var sorted = samples.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>Hooks before and after the monitor's own on the same modules, which start and stop a clock.</summary>
    private sealed class HookClock : IDisposable
    {
        private readonly List<Action> _removers = [];
        private readonly TrainingRig _rig;
        private readonly Stopwatch _clock;

        public HookClock(TrainingRig rig, Stopwatch clock)
        {
            (_rig, _clock) = (rig, clock);
            foreach (var module in rig.FeatureModules())
                Add(module, clock.Start);
        }

        /// <summary>To be called once the monitor has put its hooks: hooks run in the order in which they came.</summary>
        public void Close()
        {
            foreach (var module in _rig.FeatureModules())
                Add(module, _clock.Stop);
        }

        public void Dispose()
        {
            foreach (var remove in _removers)
                remove();
        }

        private void Add(nn.Module<Tensor, Tensor> module, Action action) => _removers.Add(module.register_forward_hook((_, _, _) =>
        {
            action();
            return null!;
        }).remove);
    }
}
