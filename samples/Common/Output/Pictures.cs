namespace EtfNet.Samples;

/// <summary>Draws what a program ran: NCC error per layer and accuracy, over epochs.</summary>
public static class Pictures
{
    public const string NccErrorFile = "ncc-error.png";
    public const string AccuracyFile = "accuracy.png";

    /// <summary>Writes both pictures.</summary>
    public static void Write(OutputFolder folder, IReadOnlyList<(string Name, IReadOnlyList<EpochResult> Epochs)> runs, double? epsilon)
    {
        folder.Write(NccErrorFile, ChartImage.Png(NccError(runs, epsilon)));
        folder.Write(AccuracyFile, ChartImage.Png(Accuracies(runs)));
    }

    /// <summary>A panel for each run, a line for each layer; a dot where the layer was fixed, and a dashed line at epsilon.</summary>
    public static Chart[] NccError(IReadOnlyList<(string Name, IReadOnlyList<EpochResult> Epochs)> runs, double? epsilon)
    {
        var highest = runs.SelectMany(run => run.Epochs).SelectMany(epoch => epoch.Layers.NccError).Max(layer => layer.Value) ?? 1;
        return [.. runs.Select(run => new Chart(
            $"NCC error per layer: {run.Name}", "epoch", "NCC error", [.. run.Epochs[^1].Layers.NccError.Select(layer => Layer(layer.Key, run.Epochs))])
        {
            X = (0.5, run.Epochs.Count + 0.5),
            Y = (0, Math.Max(highest, epsilon ?? 0) * 1.05),
            Levels = epsilon is { } level ? [(level, null)] : [],
        })];
    }

    /// <summary>Test and train accuracy of all runs.</summary>
    public static Chart Accuracies(IReadOnlyList<(string Name, IReadOnlyList<EpochResult> Epochs)> runs) => new("Accuracy", "epoch", "accuracy",
    [
        .. runs.SelectMany((run, i) => new[]
        {
            Line($"{run.Name}, test", run.Epochs, epoch => epoch.TestAccuracy) with { Color = i, Colors = runs.Count },
            Line($"{run.Name}, train", run.Epochs, epoch => epoch.TrainAccuracy) with { Color = i, Colors = runs.Count, Dashed = true },
        }),
    ])
    {
        X = (0.5, runs.Max(run => run.Epochs.Count) + 0.5),
    };

    /// <summary>A number over the epochs that have it.</summary>
    public static ChartLine Line(string name, IReadOnlyList<EpochResult> epochs, Func<EpochResult, double?> value) =>
        new(name, [.. epochs.Where(epoch => value(epoch) is not null).Select(epoch => ((double)epoch.Epoch, value(epoch)!.Value))]);

    private static ChartLine Layer(string layer, IReadOnlyList<EpochResult> epochs) => Line(layer, epochs, epoch => Error(epoch, layer)) with
    {
        Marks = epochs[^1].Layers.Fixed.FirstOrDefault(other => other.Name == layer) is { Epoch: > 0 } switched && Error(epochs[switched.Epoch - 1], layer) is { } error
            ? [(switched.Epoch, error)]
            : [],
    };

    private static double? Error(EpochResult epoch, string layer) => epoch.Layers.NccError.FirstOrDefault(other => other.Key == layer).Value;
}
