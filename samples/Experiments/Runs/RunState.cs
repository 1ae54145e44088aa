namespace EtfNet.Samples;

/// <summary>A run's state on disk while it trains: its epochs so far, and the network after the last of them.</summary>
/// <remarks>A new state is written beside the old one and counts once the list of epochs names it: a run that is killed at any moment finds one of the two.</remarks>
internal sealed class RunState : ITrainingMemory, ITrainingListener
{
    private const string EpochsFile = "epochs.json";

    private readonly string _folder;
    private readonly string _experiment;
    private readonly ExperimentRun _run;
    private readonly (string Hardware, string? Commit) _machine;
    private readonly TimeSpan _interval;
    private readonly TimeProvider _clock;
    private readonly List<EpochResult> _epochs;
    private int _steps;
    private long _saved;

    private RunState(string folder, string experiment, ExperimentRun run, (string Hardware, string? Commit) machine, TimeSpan interval, TimeProvider clock, IReadOnlyList<EpochResult> epochs)
    {
        (_folder, _experiment, _run, _machine, _interval, _clock, _epochs) = (folder, experiment, run, machine, interval, clock, [.. epochs]);
        FinishedEpochs = _epochs.Count;
        _saved = clock.GetTimestamp();
    }

    public int FinishedEpochs { get; }

    public RunRecord Record => new(_machine.Hardware, _machine.Commit, _steps, _epochs);

    /// <summary>Finds a run's state; none where there is none, or where it cannot be used.</summary>
    public static RunState Open(
        string folder, string experiment, ExperimentRun run, (string Hardware, string? Commit) machine, TimeSpan interval, TimeProvider clock, out string? reason)
    {
        var (file, record) = (Path.Combine(folder, EpochsFile), new RunRecord("", null, 0, []));
        reason = File.Exists(file) ? RunRecord.Read(File.ReadAllBytes(file), experiment, run, whole: false, out record) : null;
        // A run that goes on elsewhere says so.
        if (record.Epochs.Count > 0 && !record.Hardware.EndsWith(machine.Hardware, StringComparison.Ordinal))
            machine.Hardware = $"{record.Hardware}; from epoch {record.Epochs.Count + 1} on {machine.Hardware}";
        else if (record.Epochs.Count > 0)
            machine.Hardware = record.Hardware;
        return new RunState(folder, experiment, run, machine, interval, clock, reason is null ? record.Epochs : []);
    }

    /// <exception cref="UnusableStateException">It cannot be read, or does not fit the network.</exception>
    public void Restore(LayerWatch watch)
    {
        try
        {
            watch.Load(StateFile(FinishedEpochs));
        }
        catch (Exception error) when (error is IOException or EtfStateException or ArgumentException or UnauthorizedAccessException)
        {
            throw new UnusableStateException(error.Message.ReplaceLineEndings(" ").TrimEnd('.'), error);
        }
    }

    public void BatchEnded(int epoch, int done, int total) => _steps = total;

    public void EpochEnded(EpochResult result) => _epochs.Add(result);

    /// <exception cref="SampleException">The disk is full or the folder has become unwritable; the state before is untouched.</exception>
    public void Save(int epoch, LayerWatch watch)
    {
        if (epoch == _run.Settings.Recipe.Epochs || _clock.GetElapsedTime(_saved) < _interval)
            return;
        var output = OutputFolder.Create(_folder);
        try
        {
            watch.Save(StateFile(epoch));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SampleException($"the state of {_run.Key} cannot be written to {_folder} ({error.Message.TrimEnd('.')}); make room there or give another --out.", error);
        }

        output.Write(EpochsFile, Record.Write(_experiment, _run));
        foreach (var old in Directory.EnumerateFiles(_folder).Where(file => Path.GetFileName(file) != EpochsFile && !Path.GetFileName(file).StartsWith(StateName(epoch), StringComparison.Ordinal)))
            File.Delete(old);
        _saved = _clock.GetTimestamp();
    }

    private static string StateName(int epoch) => $"epoch{epoch}.state";

    private string StateFile(int epoch) => Path.Combine(_folder, StateName(epoch));
}

/// <summary>A state on disk that a run cannot go on from.</summary>
internal sealed class UnusableStateException(string message, Exception inner) : Exception(message, inner);
