using System.Text.Encodings.Web;
using System.Text.Json;

namespace EtfNet.Samples;

/// <summary>Keeps the epochs of one or more runs and writes <c>summary.json</c> and <c>history.csv</c> anew after each, so that a stopped program loses none.</summary>
public sealed class RunRecorder(OutputFolder folder, string data, string hardware)
{
    public const string SummaryFile = "summary.json";
    public const string HistoryFile = "history.csv";

    private static readonly JsonSerializerOptions s_json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly List<(string Name, List<EpochResult> Epochs)> _runs = [];

    /// <summary>Gets the runs that have finished at least one epoch.</summary>
    public IReadOnlyList<(string Name, IReadOnlyList<EpochResult> Epochs)> Runs =>
        [.. _runs.Where(run => run.Epochs.Count > 0).Select(run => (run.Name, (IReadOnlyList<EpochResult>)run.Epochs))];

    /// <summary>Begins a run; what the listener hears is recorded under that name.</summary>
    public ITrainingListener Begin(string name)
    {
        var epochs = new List<EpochResult>();
        _runs.Add((name, epochs));
        return new Listener(this, epochs);
    }

    private void Write()
    {
        var summary = new Summary(data, hardware, [.. Runs.Select(run => RunSummary.From(run.Name, run.Epochs))]);
        folder.Write(SummaryFile, JsonSerializer.SerializeToUtf8Bytes(summary, s_json));
        folder.Write(HistoryFile, History.ToCsv(Runs));
    }

    private sealed class Listener(RunRecorder recorder, List<EpochResult> epochs) : ITrainingListener
    {
        public void EpochEnded(EpochResult result)
        {
            epochs.Add(result);
            recorder.Write();
        }
    }
}
