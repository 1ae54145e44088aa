using System.Globalization;

namespace EtfNet.Samples;

/// <summary>Says what is run, each epoch, and how much time is left.</summary>
/// <param name="say">Writes a line.</param>
/// <param name="clock">What times are taken from.</param>
/// <param name="finished">Runs that were finished before: what the first estimates go by.</param>
/// <param name="pending">The runs to come, in their order.</param>
internal sealed class Progress(Action<string> say, TimeProvider clock, IReadOnlyList<FinishedRun> finished, IReadOnlyList<ExperimentRun> pending)
{
    // Seconds an epoch, in words of what decides them; training alone for runs of before, all of it for those of now.
    private readonly Dictionary<string, (double Seconds, int Epochs)> _pace = finished
        .GroupBy(run => Kind(run.Run)).ToDictionary(group => group.Key, group => (group.Sum(run => run.Seconds), group.Sum(run => run.Record.Epochs.Count)));

    /// <summary>What hears of a run's epochs.</summary>
    /// <param name="index">The run's place among the pending ones.</param>
    public ITrainingListener Begin(int index) => new Listener(this, index, clock.GetTimestamp());

    /// <summary>A time in words.</summary>
    public static string Words(TimeSpan time) => time switch
    {
        { TotalHours: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours} h {time.Minutes} min"),
        { TotalMinutes: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.Minutes} min {time.Seconds} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{time.Seconds} s"),
    };

    private static string Kind(ExperimentRun run) => $"{run.Settings.Network}, {run.Settings.Data}, {run.Settings.Method.Kind}";

    private TimeSpan Left(int index, int epochsDone)
    {
        var all = _pace.Values.Aggregate((Seconds: 0.0, Epochs: 0), (sum, one) => (sum.Seconds + one.Seconds, sum.Epochs + one.Epochs));
        var seconds = 0.0;
        for (var i = index; i < pending.Count; i++)
        {
            var (spent, epochs) = _pace.TryGetValue(Kind(pending[i]), out var own) ? own : all;
            seconds += (pending[i].Settings.Recipe.Epochs - (i == index ? epochsDone : 0)) * (epochs > 0 ? spent / epochs : 0);
        }

        return TimeSpan.FromSeconds(seconds);
    }

    private sealed class Listener(Progress progress, int index, long since) : ITrainingListener
    {
        private long _since = since;
        private int _fixed;

        public void EpochEnded(EpochResult result)
        {
            var run = progress.Run(index);
            progress.Add(run, progress.Since(ref _since));
            var news = string.Concat(result.Layers.Fixed.Skip(_fixed).Where(layer => layer.Epoch == result.Epoch).Select(layer => $" +{layer.Name}"));
            _fixed = result.Layers.Fixed.Count;
            progress.Say(string.Create(CultureInfo.InvariantCulture,
                $"  {run.Key}  epoch {result.Epoch}/{run.Settings.Recipe.Epochs}  loss {result.Loss:0.0000}  train {result.TrainAccuracy:0.00%}  test {result.TestAccuracy:0.00%}  "
                + $"{result.Seconds:0.0} s  {_fixed} fixed{news}; about {Words(progress.Left(index, result.Epoch))} left for {progress.Count - index} of {progress.Count} runs"));
        }
    }

    private int Count => pending.Count;

    private ExperimentRun Run(int index) => pending[index];

    private void Say(string line) => say(line);

    private double Since(ref long since)
    {
        var seconds = clock.GetElapsedTime(since).TotalSeconds;
        since = clock.GetTimestamp();
        return seconds;
    }

    private void Add(ExperimentRun run, double seconds)
    {
        var (spent, epochs) = _pace.GetValueOrDefault(Kind(run));
        _pace[Kind(run)] = (spent + seconds, epochs + 1);
    }
}
