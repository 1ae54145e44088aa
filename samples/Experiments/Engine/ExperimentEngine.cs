namespace EtfNet.Samples;

/// <summary>Runs what is not finished of an experiment, one run after the other.</summary>
/// <param name="experiment">Which.</param>
/// <param name="files">Its files.</param>
/// <param name="machine">What to compute with.</param>
/// <param name="commit">The commit to note with each run; null where it is not known.</param>
/// <param name="screen">Where to show it.</param>
/// <param name="clock">What times are taken from.</param>
/// <param name="interval">How much time passes between two states of a run on disk at least.</param>
internal sealed class ExperimentEngine(
    Experiment experiment, RunFiles files, Machine machine, string? commit, Screen screen, TimeProvider clock, TimeSpan interval)
{
    /// <summary>Runs what a condition chooses. Runs that follow from others come when those are finished.</summary>
    /// <exception cref="OperationCanceledException">Cancellation was asked for; what is finished is kept.</exception>
    /// <exception cref="SampleException">Data are missing, or the disk is full; what is finished is kept.</exception>
    public void Run(Request request, Func<ExperimentRun, bool> isChosen, CancellationToken cancellation)
    {
        var done = new HashSet<string>();
        while (experiment.Runs(request, files.Find).Where(run => !run.Waits && isChosen(run) && !done.Contains(run.Key))
            .Where(run => files.Find(run) is null).ToList() is [var next, ..] pending)
        {
            cancellation.ThrowIfCancellationRequested();
            done.Add(next.Key);
            using var mine = files.Lock(next);
            if (mine is null)
                screen.Line($"{next.Key}: another process runs it");
            else if (files.Find(next) is null)
                Train(next, pending.Count, cancellation);
        }
    }

    private void Train(ExperimentRun run, int pending, CancellationToken cancellation)
    {
        using var data = DataSet.Load(run.Run.Data, run.Run.Data.LabelNoise > 0 ? run.Seed : 0, machine.ToDevice());
        var kept = experiment.Resumes ? files.Open(run) : null;
        var behind = files.LastState(run, kept?.Epochs.Count ?? 0);
        var resumes = behind > 0 ? $"; continues behind epoch {behind}" : "";
        screen.Begin($"{run.Key}, {pending} to go: {run.Run}{resumes}\n  data    {data}");
        using var trainer = Begin(run, data, behind);
        var (epochs, saved) = (kept?.Epochs.Take(trainer.FinishedEpochs).ToList() ?? [], clock.GetTimestamp());
        // A run that continues elsewhere says so.
        var hardware = epochs.Count == 0 ? $"{machine}" : kept!.Hardware.EndsWith($"{machine}", StringComparison.Ordinal) ? kept.Hardware
            : $"{kept.Hardware}; from epoch {behind + 1} on {machine}";
        for (var left = run.Run.Recipe.Epochs - epochs.Count; left > 0;)
        {
            epochs.Add(trainer.NextEpoch(share => screen.Progress(run.Key, share), cancellation));
            screen.Epoch(epochs[^1], run.Run.Recipe.Epochs);
            if (--left > 0 && (!experiment.Resumes || clock.GetElapsedTime(saved) < interval))
                continue;
            if (left > 0)
                Check.Explained(() => trainer.Save(files.StateOf(run, epochs.Count)),
                    why => $"the state of {run.Key} cannot be written ({why}); make room.");
            files.Write(run, new RunRecord(hardware, commit, data.Train.Count, epochs));
            files.DeleteStates(run, but: left > 0 ? epochs.Count : 0);
            saved = clock.GetTimestamp();
        }
    }

    /// <summary>A training that continues behind an epoch; one that begins anew where its state cannot be used.</summary>
    private Trainer Begin(ExperimentRun run, DataSet data, int behind)
    {
        var trainer = new Trainer(run.Run, data, machine, clock);
        if (behind == 0)
            return trainer;
        try
        {
            trainer.Load(files.StateOf(run, behind), behind);
            return trainer;
        }
        catch (Exception error) when (Check.CanBeMended(error))
        {
            trainer.Dispose();
            screen.Line($"{Path.GetFileName(files.StateOf(run, behind))} cannot be used: {Check.Line(error)}; the run begins anew");
            files.DeleteStates(run);
            return Begin(run, data, 0);
        }
    }
}
