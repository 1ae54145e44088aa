using ScottPlot;

namespace EtfNet.Samples;

/// <summary>Draws what a program ran: NCC error per layer and accuracy, over epochs.</summary>
public static class Pictures
{
    public const string NccErrorFile = "ncc-error.png";
    public const string AccuracyFile = "accuracy.png";

    private const int PanelWidth = 640;
    private const int Height = 480;

    /// <summary>Writes both pictures.</summary>
    public static void Write(OutputFolder folder, IReadOnlyList<(string Name, IReadOnlyList<EpochResult> Epochs)> runs, double? epsilon)
    {
        EmbeddedFont.Use();
        folder.Write(NccErrorFile, NccError(runs, epsilon));
        folder.Write(AccuracyFile, Accuracies(runs));
    }

    /// <summary>A panel for each run, a line for each layer; a dot where the layer was fixed, and a dashed line at epsilon.</summary>
    private static byte[] NccError(IReadOnlyList<(string Name, IReadOnlyList<EpochResult> Epochs)> runs, double? epsilon)
    {
        var panels = new Multiplot();
        panels.AddPlots(runs.Count);
        panels.Layout = new ScottPlot.MultiplotLayouts.Columns();
        var highest = runs.SelectMany(run => run.Epochs).SelectMany(epoch => epoch.Layers.NccError).Max(layer => layer.Value) ?? 1;
        foreach (var ((name, epochs), plot) in runs.Zip(panels.GetPlots()))
        {
            plot.Title($"NCC error per layer: {name}");
            var layers = epochs[^1].Layers.NccError;
            for (var i = 0; i < layers.Count; i++)
                AddLayer(plot, layers[i].Key, Palette(i, layers.Count), epochs);
            if (epsilon is { } level)
                plot.Add.HorizontalLine(level, width: 1, Colors.Gray, LinePattern.Dashed);
            Finish(plot, epochs.Count, "NCC error");
            plot.Axes.SetLimitsY(0, Math.Max(highest, epsilon ?? 0) * 1.05);
        }

        return panels.Render(PanelWidth * runs.Count, Height).GetImageBytes(ImageFormat.Png);
    }

    private static byte[] Accuracies(IReadOnlyList<(string Name, IReadOnlyList<EpochResult> Epochs)> runs)
    {
        using var plot = new Plot();
        plot.Title("Accuracy");
        for (var i = 0; i < runs.Count; i++)
        {
            var (name, epochs) = runs[i];
            AddLine(plot, $"{name}, test", Palette(i, runs.Count), epochs, epoch => epoch.TestAccuracy);
            AddLine(plot, $"{name}, train", Palette(i, runs.Count), epochs, epoch => epoch.TrainAccuracy).LinePattern = LinePattern.Dashed;
        }

        Finish(plot, runs.Max(run => run.Epochs.Count), "accuracy");
        return plot.GetImage(PanelWidth, Height).GetImageBytes(ImageFormat.Png);
    }

    private static void AddLayer(Plot plot, string layer, Color color, IReadOnlyList<EpochResult> epochs)
    {
        AddLine(plot, layer, color, epochs, epoch => Error(epoch, layer));
        if (epochs[^1].Layers.Fixed.FirstOrDefault(other => other.Layer == layer) is { Epoch: > 0 } switched
            && Error(epochs[switched.Epoch - 1], layer) is { } error)
        {
            plot.Add.Marker(switched.Epoch, error, MarkerShape.FilledCircle, 9, color);
        }
    }

    private static ScottPlot.Plottables.Scatter AddLine(
        Plot plot, string label, Color color, IReadOnlyList<EpochResult> epochs, Func<EpochResult, double?> value)
    {
        var points = epochs.Where(epoch => value(epoch) is not null).ToArray();
        var line = plot.Add.ScatterLine(points.Select(epoch => (double)epoch.Epoch).ToArray(), points.Select(epoch => value(epoch)!.Value).ToArray(), color);
        line.LegendText = label;
        line.LineWidth = 2;
        return line;
    }

    private static void Finish(Plot plot, int epochs, string what)
    {
        plot.XLabel("epoch");
        plot.YLabel(what);
        plot.Axes.SetLimitsX(0.5, epochs + 0.5);
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericAutomatic { IntegerTicksOnly = true };
        plot.ShowLegend(Edge.Right);
    }

    private static double? Error(EpochResult epoch, string layer) => epoch.Layers.NccError.FirstOrDefault(other => other.Key == layer).Value;

    private static Color Palette(int index, int count) => new ScottPlot.Colormaps.Turbo().GetColor(count == 1 ? 0.1 : 0.05 + (0.85 * index / (count - 1)));
}
