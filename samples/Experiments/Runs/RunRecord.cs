using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace EtfNet.Samples;

/// <summary>What is kept of a run.</summary>
/// <param name="Hardware">Where it ran.</param>
/// <param name="Commit">Of which code; null where that is not known.</param>
/// <param name="Steps">The optimizer's steps an epoch.</param>
/// <param name="Epochs">Its epochs so far.</param>
internal sealed record RunRecord(string Hardware, string? Commit, int Steps, IReadOnlyList<EpochResult> Epochs)
{
    /// <summary>The version of the files; one of another version is not read.</summary>
    private const int Schema = 1;

    private static readonly JsonSerializerOptions s_json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    private static readonly JsonSerializerOptions s_settingsJson = new(s_json) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public byte[] Write(string experiment, ExperimentRun run) => JsonSerializer.SerializeToUtf8Bytes(new Document(Schema, experiment, run.Key, Settings(run), this), s_json);

    /// <summary>Reads a run's file.</summary>
    /// <param name="content">The file.</param>
    /// <param name="experiment">The experiment that it must be of.</param>
    /// <param name="run">The run that it must be of.</param>
    /// <param name="whole">Whether all epochs must be there.</param>
    /// <param name="record">What it says.</param>
    /// <returns>Null; or why the file cannot be used.</returns>
    public static string? Read(byte[] content, string experiment, ExperimentRun run, bool whole, out RunRecord record)
    {
        record = new RunRecord("", null, 0, []);
        Document? document;
        try
        {
            document = JsonSerializer.Deserialize<Document>(content, s_json);
        }
        catch (Exception error) when (error is JsonException or NotSupportedException or ArgumentException)
        {
            return "it is half-written or no run file";
        }

        if (document?.Record?.Epochs is not { } epochs || epochs.Any(epoch => epoch?.Layers?.NccError is null || epoch.Layers.Fixed is null || epoch.Footprint is null))
            return "it is no run file";
        if (document.Schema != Schema)
            return $"it is of version {document.Schema}, not {Schema}";
        if (document.Experiment != experiment || document.Key != run.Key)
            return $"it is of {document.Experiment} {document.Key}";
        if (document.Settings?.ToJsonString() != Settings(run).ToJsonString())
            return "it was made with other settings";
        if (!epochs.Select(epoch => epoch.Epoch).SequenceEqual(Enumerable.Range(1, epochs.Count)) || epochs.Count > run.Settings.Recipe.Epochs || (whole && epochs.Count < run.Settings.Recipe.Epochs))
            return $"it has {epochs.Count} epochs, not {run.Settings.Recipe.Epochs}";
        record = document.Record;
        return null;
    }

    private static JsonNode Settings(ExperimentRun run) => JsonSerializer.SerializeToNode(run.Settings, s_settingsJson)!;

    private sealed record Document(int Schema, string Experiment, string Key, JsonNode? Settings, RunRecord? Record);
}
