using ScottPlot;

namespace EtfNet.Samples;

/// <summary>A picture of lines over one axis.</summary>
public sealed class Chart : Plot
{
    private const int Width = 640;
    private const int Height = 480;
    private const int LetterWidth = 7;
    private const string FontName = "DejaVu Sans";

    /// <summary>The points of a line of at most so many are marked.</summary>
    private const int MostDots = 10;

    private static readonly ScottPlot.Palettes.Tsitsulin s_palette = new();

    private int _lines;
    private int _longestName;

    /// <summary>A machine with only the SDK may have no font, and then pictures would have no text.</summary>
    static Chart()
    {
        Fonts.AddFontFile(FontName, Files.Own("font/DejaVuSans.ttf"));
        Fonts.Default = FontName;
    }

    /// <param name="title">What it shows.</param>
    /// <param name="xLabel">The horizontal axis.</param>
    /// <param name="yLabel">The vertical axis.</param>
    /// <param name="top">The top of the vertical axis, which then begins at 0; null for the range of the points.</param>
    /// <param name="xNames">Names for the whole numbers from 0 on of the horizontal axis.</param>
    /// <param name="wholeX">Whether only whole numbers are marked on the horizontal axis.</param>
    public Chart(
        string title, string xLabel, string yLabel, double? top = null, IReadOnlyList<string>? xNames = null, bool wholeX = true)
    {
        Title(title);
        XLabel(xLabel);
        YLabel(yLabel);
        foreach (var label in new[] { Axes.Title.Label, Axes.Bottom.Label, Axes.Left.Label })
            label.Bold = false;
        if (top is { } highest)
            Axes.SetLimitsY(0, highest);
        Axes.Bottom.TickGenerator = xNames is not null
            ? new ScottPlot.TickGenerators.NumericManual([.. xNames.Select((name, i) => new Tick(i, name))])
            : new ScottPlot.TickGenerators.NumericAutomatic { IntegerTicksOnly = wholeX };
    }

    /// <summary>Adds a line, from left to right.</summary>
    /// <param name="name">Its name in the legend.</param>
    /// <param name="points">Its points, each with how far it spreads up and down; one that has no value is left out.</param>
    /// <param name="dashed">Whether it is dashed; it then has the color of the line before.</param>
    /// <param name="mark">Where to put a dot; null: nowhere.</param>
    public Chart Line(string name, IEnumerable<(double X, double? Y, double Spread)> points, bool dashed = false, double? mark = null)
    {
        var there = points.Where(point => double.IsFinite(point.Y ?? double.NaN)).ToList();
        var (x, y) = (there.Select(point => point.X).ToArray(), there.Select(point => point.Y!.Value).ToArray());
        var color = s_palette.GetColor(dashed ? _lines - 1 : _lines++);
        if (x.Length == 0)
            return this;
        var line = Add.ScatterLine(x, y, color);
        (line.LegendText, line.LineWidth, line.LinePattern) = (name, 2, dashed ? LinePattern.Dashed : LinePattern.Solid);
        // A line of one point would not be seen.
        if (x.Length <= MostDots)
            line.MarkerStyle = new MarkerStyle(MarkerShape.FilledCircle, 6, color);
        if (there.Any(point => point.Spread > 0))
            Add.ErrorBar(x, y, yErrors: [.. there.Select(point => point.Spread)]).Color = color;
        foreach (var point in there.Where(point => point.X == mark))
            Add.Marker(point.X, point.Y!.Value, MarkerShape.FilledCircle, 12, color);
        _longestName = Math.Max(_longestName, name.Length);
        return this;
    }

    /// <summary>Adds a number over the epochs, from 1 on.</summary>
    public Chart Line(string name, IEnumerable<double?> epochs, bool dashed = false, double? mark = null) =>
        Line(name, epochs.Select((value, i) => (i + 1.0, value, 0.0)), dashed, mark);

    /// <summary>Marks a height by a dashed line.</summary>
    public Chart Level(double? height, string name = "")
    {
        if (height is not { } y)
            return this;
        Add.HorizontalLine(y, width: 1, Colors.Gray, LinePattern.Dashed).LegendText = name;
        _longestName = Math.Max(_longestName, name.Length);
        return this;
    }

    /// <summary>The NCC errors of each layer of some runs, a chart per run on one scale; a dot where a layer was fixed.</summary>
    public static Chart[] NccErrors(IEnumerable<(string Name, IReadOnlyList<EpochResult> Epochs)> runs, double? epsilon = null)
    {
        var highest = runs.SelectMany(run => run.Epochs).SelectMany(epoch => epoch.Layers).Max(layer => layer.NccError) ?? 1;
        var top = 1.05 * Math.Max(epsilon ?? 0, highest);
        return [.. runs.Select(run => run.Epochs[^1].Layers.Aggregate(
            new Chart($"NCC error per layer: {run.Name}", "epoch", "NCC error", top).Level(epsilon),
            (chart, layer) => chart.Line(layer.Name, run.Epochs.Select(epoch => epoch.NccError(layer.Name)),
                mark: run.Epochs[^1].Fixed.FirstOrDefault(other => other.Layer == layer.Name)?.Epoch)))];
    }

    /// <summary>Test and (dashed) train accuracy of some runs over epochs.</summary>
    public static Chart Accuracies(IEnumerable<(string Name, IReadOnlyList<EpochResult> Epochs)> runs) => runs.Aggregate(
        new Chart("Accuracy", "epoch", "accuracy"), (chart, run) => chart
            .Line($"{run.Name}, test", run.Epochs.Select(epoch => (double?)epoch.TestAccuracy))
            .Line($"{run.Name}, train", run.Epochs.Select(epoch => (double?)epoch.TrainAccuracy), dashed: true));

    /// <summary>Charts side by side, as a PNG; the legend stands beside the lines.</summary>
    public static byte[] Png(params Chart[] charts)
    {
        var panels = new Multiplot { Layout = new ScottPlot.MultiplotLayouts.Columns() };
        panels.Reset(charts[0]);
        charts.Skip(1).ToList().ForEach(panels.AddPlot);
        // A legend without a name would leave the picture blank.
        foreach (var chart in charts.Where(chart => chart._longestName > 0))
            chart.ShowLegend(Edge.Right);
        var width = Width + (LetterWidth * charts.Max(chart => chart._longestName));
        return panels.Render(width * charts.Length, Height).GetImageBytes(ImageFormat.Png);
    }
}
