namespace EtfNet.Samples;

/// <summary>Runs what is not finished of an experiment, one run after the other.</summary>
/// <param name="Experiment">Which.</param>
/// <param name="Runs">The runs that were asked for.</param>
/// <param name="Folder">Their files.</param>
/// <param name="Executor">What trains.</param>
/// <param name="Machine">What is noted with each run.</param>
/// <param name="Say">Writes a line.</param>
/// <param name="Clock">What times are taken from.</param>
internal sealed record ExperimentEngine(
    Experiment Experiment, IReadOnlyList<ExperimentRun> Runs, RunFolder Folder, RunExecutor Executor, (string Hardware, string? Commit) Machine, Action<string> Say, TimeProvider Clock)
{
    /// <summary>Gets how much time passes between two states of a run on disk at least.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(1);

    /// <exception cref="OperationCanceledException">Cancellation was asked for; what is finished is kept.</exception>
    /// <exception cref="SampleException">The data are missing, or the disk is full; what is finished is kept.</exception>
    public void Run(CancellationToken cancellation)
    {
        var finished = Runs.Select(Folder.Find).OfType<FinishedRun>().ToList();
        var done = finished.Select(run => run.Run.Key).ToHashSet();
        var pending = Runs.Where(run => !done.Contains(run.Key)).ToList();
        Say($"{Experiment.Name}: {finished.Count} of {Runs.Count} runs are finished, {pending.Count} to run");
        var progress = new Progress(Say, Clock, finished, pending);
        for (var i = 0; i < pending.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            Executor.Prepare(pending[i]);
            Say($"run {i + 1} of {pending.Count}: {pending[i].Key}");
            Train(pending[i], progress.Begin(i), cancellation);
        }
    }

    private void Train(ExperimentRun run, ITrainingListener shown, CancellationToken cancellation)
    {
        var state = Folder.Resume(run, Machine, Interval, Clock);
        if (state.FinishedEpochs > 0)
            Say($"  goes on after epoch {state.FinishedEpochs} of {run.Settings.Recipe.Epochs}");
        try
        {
            Train(run, state, shown, cancellation);
        }
        catch (UnusableStateException error)
        {
            Folder.SetAsideState(run, error.Message);
            Train(run, Folder.Resume(run, Machine, Interval, Clock), shown, cancellation);
        }
    }

    private void Train(ExperimentRun run, RunState state, ITrainingListener shown, CancellationToken cancellation)
    {
        Executor.Run(run, new TrainingListeners(state, shown), Experiment.Resumes ? state : null, cancellation);
        Folder.Keep(run, state.Record);
    }
}
