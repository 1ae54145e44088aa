using ScottPlot;

namespace EtfNet.Samples;

/// <summary>A picture of lines over one axis.</summary>
/// <param name="title">What it shows.</param>
/// <param name="xLabel">The horizontal axis.</param>
/// <param name="yLabel">The vertical axis.</param>
public sealed class Chart(string title, string xLabel, string yLabel)
{
    private const int Width = 640;
    private const int Height = 480;
    private const int LetterWidth = 7;

    /// <summary>The points of a line of at most so many are marked.</summary>
    private const int MostDots = 10;

    private readonly List<Line> _lines = [];
    private readonly List<(double Y, string Name)> _levels = [];

    /// <summary>Gets the top of the vertical axis, which then begins at 0; null for the range of the points.</summary>
    public double? Top { get; init; }

    /// <summary>Gets names for the whole numbers from 0 on of the horizontal axis.</summary>
    public IReadOnlyList<string>? XNames { get; init; }

    /// <summary>Gets whether only whole numbers are marked on the horizontal axis.</summary>
    public bool WholeX { get; init; } = true;

    /// <summary>Adds a line, from left to right.</summary>
    /// <param name="name">Its name in the legend.</param>
    /// <param name="points">Its points, each with how far it spreads up and down; one that has no value is left out.</param>
    /// <param name="dashed">Whether it is dashed; it then has the color of the line before.</param>
    /// <param name="mark">Where to put a dot; null: nowhere.</param>
    public Chart Add(string name, IEnumerable<(double X, double? Y, double Spread)> points, bool dashed = false, double? mark = null)
    {
        var there = points.Where(point => double.IsFinite(point.Y ?? double.NaN)).Select(point => (point.X, point.Y!.Value, point.Spread));
        _lines.Add(new Line(name, [.. there], dashed, mark));
        return this;
    }

    /// <summary>Adds a number over the epochs that have it.</summary>
    public Chart Add(
        string name, IReadOnlyList<EpochResult> epochs, Func<EpochResult, double?> value, bool dashed = false, double? mark = null) =>
        Add(name, epochs.Select(epoch => ((double)epoch.Epoch, value(epoch), 0.0)), dashed, mark);

    /// <summary>Marks a height by a dashed line.</summary>
    public Chart Level(double? height, string name = "")
    {
        if (height is { } y)
            _levels.Add((y, name));
        return this;
    }

    /// <summary>The NCC errors of each layer of some runs, a chart per run on one scale; a dot where a layer was fixed.</summary>
    public static Chart[] NccErrors(IEnumerable<(string Name, IReadOnlyList<EpochResult> Epochs)> runs, double? epsilon = null)
    {
        var highest = runs.SelectMany(run => run.Epochs).SelectMany(epoch => epoch.Layers).Max(layer => layer.NccError) ?? 1;
        var top = 1.05 * Math.Max(epsilon ?? 0, highest);
        return [.. runs.Select(run => run.Epochs[^1].Layers.Aggregate(
            new Chart($"NCC error per layer: {run.Name}", "epoch", "NCC error") { Top = top }.Level(epsilon),
            (chart, layer) => chart.Add(layer.Name, run.Epochs, epoch => epoch.NccError(layer.Name),
                mark: run.Epochs[^1].Fixed.FirstOrDefault(other => other.Layer == layer.Name)?.Epoch)))];
    }

    /// <summary>Test and (dashed) train accuracy of some runs over epochs.</summary>
    public static Chart Accuracies(IEnumerable<(string Name, IReadOnlyList<EpochResult> Epochs)> runs) => runs.Aggregate(
        new Chart("Accuracy", "epoch", "accuracy"), (chart, run) => chart.Add($"{run.Name}, test", run.Epochs, epoch => epoch.TestAccuracy)
            .Add($"{run.Name}, train", run.Epochs, epoch => epoch.TrainAccuracy, dashed: true));

    /// <summary>Charts side by side, as a PNG.</summary>
    public static byte[] Png(params Chart[] charts)
    {
        EmbeddedFont.Use();
        var panels = new Multiplot { Layout = new ScottPlot.MultiplotLayouts.Columns() };
        panels.AddPlots(charts.Length);
        foreach (var (chart, plot) in charts.Zip(panels.GetPlots()))
            chart.Draw(plot);
        return panels.Render(charts.Max(chart => chart.FullWidth) * charts.Length, Height).GetImageBytes(ImageFormat.Png);
    }

    /// <summary>The legend stands beside the lines.</summary>
    private int FullWidth => Width + (LetterWidth * LongestName);

    private int LongestName =>
        _lines.Select(line => line.Name).Concat(_levels.Select(level => level.Name)).Append("").Max(name => name.Length);

    private void Draw(Plot plot)
    {
        plot.Title(title);
        plot.XLabel(xLabel);
        plot.YLabel(yLabel);
        var (colors, color) = (_lines.Count(line => !line.Dashed), -1);
        foreach (var line in _lines)
        {
            color += line.Dashed ? 0 : 1;
            if (line.Points.Count > 0)
                Draw(plot, line, new ScottPlot.Colormaps.Turbo().GetColor(colors < 2 ? 0.1 : 0.05 + (0.85 * color / (colors - 1))));
        }

        foreach (var (height, name) in _levels)
            plot.Add.HorizontalLine(height, width: 1, Colors.Gray, LinePattern.Dashed).LegendText = name;
        if (Top is { } top)
            plot.Axes.SetLimitsY(0, top);
        plot.Axes.Bottom.TickGenerator = XNames is not null
            ? new ScottPlot.TickGenerators.NumericManual([.. XNames.Select((name, i) => new Tick(i, name))])
            : new ScottPlot.TickGenerators.NumericAutomatic { IntegerTicksOnly = WholeX };
        // A legend without a name would leave the picture blank.
        if (LongestName > 0)
            plot.ShowLegend(Edge.Right);
    }

    private static void Draw(Plot plot, Line line, Color color)
    {
        var (x, y) = (line.Points.Select(point => point.X).ToArray(), line.Points.Select(point => point.Y).ToArray());
        var drawn = plot.Add.ScatterLine(x, y, color);
        (drawn.LegendText, drawn.LineWidth, drawn.LinePattern) = (line.Name, 2, line.Dashed ? LinePattern.Dashed : LinePattern.Solid);
        // A line of one point would not be seen.
        if (x.Length <= MostDots)
            drawn.MarkerStyle = new MarkerStyle(MarkerShape.FilledCircle, 6, color);
        if (line.Points.Any(point => point.Spread > 0))
            plot.Add.ErrorBar(x, y, yErrors: [.. line.Points.Select(point => point.Spread)]).Color = color;
        foreach (var point in line.Points.Where(point => point.X == line.Mark))
            plot.Add.Marker(point.X, point.Y, MarkerShape.FilledCircle, 12, color);
    }

    private sealed record Line(string Name, IReadOnlyList<(double X, double Y, double Spread)> Points, bool Dashed, double? Mark);
}
