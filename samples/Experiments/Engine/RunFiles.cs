namespace EtfNet.Samples;

/// <summary>The runs of an experiment on disk: KEY.json, the epochs so far, and while more are to come KEY.N.state, the network after
/// epoch N.</summary>
/// <remarks>A state is written before the file names its epoch: a process that is killed leaves one to continue from.</remarks>
internal sealed class RunFiles(OutputFolder folder, Screen screen)
{
    private const int Schema = 2;

    /// <summary>A training may diverge: its loss is no number.</summary>
    private static readonly JsonSerializerOptions s_json =
        new(JsonSerializerDefaults.Web) { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <summary>The finished run; null where it is not, or its file cannot be used.</summary>
    public FinishedRun? Find(ExperimentRun run) =>
        Read(run, _ => { }) is { } record && record.Epochs.Count == run.Run.Recipe.Epochs ? new FinishedRun(run, record) : null;

    /// <summary>What is kept of a run so far; a file that cannot be used is set aside, and the run begins anew.</summary>
    public RunRecord? Open(ExperimentRun run) => Read(run, why =>
    {
        screen.Line($"{run.Key}.json cannot be used: {why}; set aside as {run.Key}.json.bad, the run begins anew");
        File.Move(PathOf(run), PathOf(run) + ".bad", overwrite: true);
    });

    public void Write(ExperimentRun run, RunRecord record) =>
        folder.Write($"{run.Key}.json", JsonSerializer.Serialize(new Document(Schema, run.Key, run.Run.Settings.Values, record), s_json));

    /// <summary>The path of the state after an epoch.</summary>
    public string StateOf(ExperimentRun run, int epoch) => folder.File($"{run.Key}.{epoch}.state");

    /// <summary>The last epoch of some whose state is there; 0: none.</summary>
    public int LastState(ExperimentRun run, int epochs) =>
        Enumerable.Range(1, epochs).LastOrDefault(epoch => File.Exists(StateOf(run, epoch)));

    /// <summary>Deletes the states of a run but for one.</summary>
    public void DeleteStates(ExperimentRun run, int but = 0) => Directory.GetFiles(folder.Path, $"{run.Key}.*.state*")
        .Where(file => !file.StartsWith(StateOf(run, but), StringComparison.Ordinal)).ToList().ForEach(File.Delete);

    /// <summary>Keeps other processes from a run until it is disposed; null: another one has it.</summary>
    public IDisposable? Lock(ExperimentRun run)
    {
        try
        {
            var path = folder.File($"{run.Key}.lock");
            return new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private string PathOf(ExperimentRun run) => folder.File($"{run.Key}.json");

    private RunRecord? Read(ExperimentRun run, Action<string> isBad)
    {
        if (!File.Exists(PathOf(run)))
            return null;
        try
        {
            var document = JsonSerializer.Deserialize<Document>(File.ReadAllBytes(PathOf(run)), s_json);
            var wrong = document?.Record?.Epochs is not { } epochs || document.Schema != Schema ? $"it is no run file of version {Schema}"
                : document.Key != run.Key ? $"it is of {document.Key}"
                : document.Settings?.SequenceEqual(run.Run.Settings.Values) != true ? "it was made with other settings"
                : epochs.Index().All(entry => entry.Item?.Epoch == entry.Index + 1) && epochs.Count <= run.Run.Recipe.Epochs ? null
                : "epochs are missing";
            if (wrong is null)
                return document!.Record;
            isBad(wrong);
        }
        catch (Exception error) when (error is JsonException or NotSupportedException or ArgumentException)
        {
            isBad("it is half-written or no run file");
        }

        return null;
    }

    private sealed record Document(int Schema, string Key, IReadOnlyDictionary<string, string>? Settings, RunRecord? Record);
}
