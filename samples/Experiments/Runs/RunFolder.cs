namespace EtfNet.Samples;

/// <summary>The files of an experiment's runs: one a finished run, and the state of those that were stopped.</summary>
internal sealed class RunFolder(OutputFolder folder, string experiment, Action<string> say)
{
    /// <summary>The folder's name beside the pages.</summary>
    public const string Name = "runs";

    private const string Bad = ".bad";

    /// <summary>A finished run; a file that is not what it should be is set aside, with a message.</summary>
    public FinishedRun? Find(ExperimentRun run)
    {
        if (Look(run, out var reason) is { } finished)
            return finished;
        if (reason is not null)
            SetAside(FileOf(run), reason, "the run is run again");
        return null;
    }

    /// <summary>A finished run; nothing is changed.</summary>
    /// <param name="run">Which.</param>
    /// <param name="reason">Why its file cannot be used; null where there is none.</param>
    public FinishedRun? Look(ExperimentRun run, out string? reason)
    {
        reason = null;
        if (!File.Exists(FileOf(run)))
            return null;
        reason = RunRecord.Read(File.ReadAllBytes(FileOf(run)), experiment, run, whole: true, out var record);
        return reason is null ? new FinishedRun(run, record) : null;
    }

    /// <summary>Writes a finished run's file, whole or not at all, and lets go of its state.</summary>
    public FinishedRun Keep(ExperimentRun run, RunRecord record)
    {
        folder.Write(Path.GetFileName(FileOf(run)), record.Write(experiment, run));
        if (Directory.Exists(StateOf(run)))
            Directory.Delete(StateOf(run), recursive: true);
        return new FinishedRun(run, record);
    }

    /// <summary>The state of a run that was stopped, or an empty one.</summary>
    /// <param name="run">Which.</param>
    /// <param name="machine">What is noted with it.</param>
    /// <param name="interval">How much time passes between two states at least.</param>
    /// <param name="clock">What that is taken from.</param>
    public RunState Resume(ExperimentRun run, (string Hardware, string? Commit) machine, TimeSpan interval, TimeProvider clock)
    {
        var state = RunState.Open(StateOf(run), experiment, run, machine, interval, clock, out var reason);
        if (reason is not null)
            SetAsideState(run, reason);
        return reason is null ? state : RunState.Open(StateOf(run), experiment, run, machine, interval, clock, out _);
    }

    public void SetAsideState(ExperimentRun run, string reason) => SetAside(StateOf(run), reason, "the run begins anew");

    private void SetAside(string path, string reason, string consequence)
    {
        say($"{path} cannot be used: {reason}; set aside as {Path.GetFileName(path)}{Bad}, {consequence}");
        if (Directory.Exists(path + Bad))
            Directory.Delete(path + Bad, recursive: true);
        if (Directory.Exists(path))
            Directory.Move(path, path + Bad);
        else
            File.Move(path, path + Bad, overwrite: true);
    }

    private string FileOf(ExperimentRun run) => Path.Combine(folder.Path, run.Key + ".json");

    private string StateOf(ExperimentRun run) => Path.Combine(folder.Path, run.Key + ".state");
}
