using Spectre.Console;

namespace EtfNet.Samples;

/// <summary>The runs side by side, the first as the one to compare with; printed as Markdown, to be kept as it is.</summary>
public static class RunTable
{
    private const int WidthWhenRedirected = 160;

    public static void Write(IAnsiConsole console, IReadOnlyList<(string Name, IReadOnlyList<EpochResult> Epochs)> runs)
    {
        if (!console.Profile.Capabilities.Interactive)
            console.Profile.Width = WidthWhenRedirected;
        var table = new Table().Border(TableBorder.Markdown).AddColumn("");
        foreach (var (name, _) in runs)
            table.AddColumn(new TableColumn(Markup.Escape(name)).RightAligned());
        foreach (var (label, value) in Rows())
            table.AddRow([label, .. runs.Select(run => Markup.Escape(value(run.Epochs)))]);
        console.Write(table);
    }

    private static IEnumerable<(string Label, Func<IReadOnlyList<EpochResult>, string> Value)> Rows() =>
    [
        ("train accuracy", epochs => $"{epochs[^1].TrainAccuracy:0.00%}"),
        ("test accuracy", epochs => $"{epochs[^1].TestAccuracy:0.00%}"),
        ("layers fixed", epochs => $"{epochs[^1].Layers.Fixed.Count} of {epochs[^1].Layers.NccError.Count}"),
        ("trainable parameters", epochs => $"{epochs[^1].Footprint.TrainableParameters:N0}"),
        ("weight bytes", epochs => $"{epochs[^1].Footprint.WeightBytes:N0}"),
        ("gradient bytes", epochs => $"{epochs[^1].Footprint.GradientBytes:N0}"),
        ("optimizer bytes", epochs => $"{epochs[^1].Footprint.OptimizerBytes:N0}"),
        ("seconds per epoch before the first switch", epochs => Seconds(epochs.Where(epoch => epoch.Epoch <= FirstFix(epochs)))),
        ("seconds per epoch after the last switch", epochs => Seconds(epochs.Where(epoch => epoch.Epoch > LastFix(epochs)))),
        ("seconds of training", epochs => $"{epochs.Sum(epoch => epoch.Seconds):0.0}"),
        ("effective depth", epochs => epochs[^1].Layers.EffectiveDepth?.ToString((IFormatProvider?)null) ?? "none"),
    ];

    private static int FirstFix(IReadOnlyList<EpochResult> epochs) =>
        epochs[^1].Layers.Fixed.Select(layer => layer.Epoch).DefaultIfEmpty(int.MaxValue).Min();

    private static int LastFix(IReadOnlyList<EpochResult> epochs) => epochs[^1].Layers.Fixed.Select(layer => layer.Epoch).DefaultIfEmpty(0).Max();

    /// <summary>The median: a busy machine delays single epochs.</summary>
    private static string Seconds(IEnumerable<EpochResult> epochs)
    {
        var sorted = epochs.Select(epoch => epoch.Seconds).Order().ToArray();
        return sorted.Length == 0 ? "-" : $"{(sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2:0.00}";
    }
}
