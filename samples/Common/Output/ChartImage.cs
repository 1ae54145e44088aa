using ScottPlot;

namespace EtfNet.Samples;

/// <summary>Draws charts.</summary>
public static class ChartImage
{
    private const int PanelWidth = 640;
    private const int Height = 480;

    /// <summary>What lines and axes want of a panel; the legend stands beside them.</summary>
    private const int PlotWidth = 480;

    private const int LegendLetterWidth = 7;
    private const int LegendSignWidth = 60;

    /// <summary>The charts side by side, as a PNG.</summary>
    public static byte[] Png(params Chart[] charts)
    {
        EmbeddedFont.Use();
        var panels = new Multiplot();
        panels.AddPlots(charts.Length);
        panels.Layout = new ScottPlot.MultiplotLayouts.Columns();
        foreach (var (chart, plot) in charts.Zip(panels.GetPlots()))
            Draw(chart, plot);
        return panels.Render(Math.Max(PanelWidth, PlotWidth + charts.Max(LegendWidth)) * charts.Length, Height).GetImageBytes(ImageFormat.Png);
    }

    private static int LegendWidth(Chart chart)
    {
        var names = chart.Lines.Select(line => line.Name).Concat(chart.Levels.Select(level => level.Name ?? "")).Concat(chart.Places.Select(place => place.Name ?? ""));
        return LegendSignWidth + (LegendLetterWidth * names.Select(name => name.Length).DefaultIfEmpty().Max());
    }

    private static void Draw(Chart chart, Plot plot)
    {
        plot.Title(chart.Title);
        plot.XLabel(chart.XLabel);
        plot.YLabel(chart.YLabel);
        for (var i = 0; i < chart.Lines.Count; i++)
            AddLine(plot, chart.Lines[i], Palette(chart.Lines[i].Color ?? i, chart.Lines[i].Colors ?? chart.Lines.Count));
        foreach (var (height, name) in chart.Levels)
            plot.Add.HorizontalLine(height, width: 1, Colors.Gray, LinePattern.Dashed).LegendText = name ?? "";
        foreach (var (place, name) in chart.Places)
            plot.Add.VerticalLine(place, width: 1, Colors.Gray, LinePattern.Dashed).LegendText = name ?? "";
        if (chart.X is var (left, right))
            plot.Axes.SetLimitsX(left, right);
        if (chart.Y is var (low, high))
            plot.Axes.SetLimitsY(low, high);
        plot.Axes.Bottom.TickGenerator = chart.XNames is { } names
            ? new ScottPlot.TickGenerators.NumericManual([.. names.Select((name, i) => new Tick(i, name))])
            : new ScottPlot.TickGenerators.NumericAutomatic { IntegerTicksOnly = chart.WholeX };
        plot.ShowLegend(Edge.Right);
    }

    private static void AddLine(Plot plot, ChartLine line, Color color)
    {
        if (line.Points.Count == 0)
            return;
        var (x, y) = (line.Points.Select(point => point.X).ToArray(), line.Points.Select(point => point.Y).ToArray());
        var drawn = plot.Add.ScatterLine(x, y, color);
        drawn.LegendText = line.Name;
        drawn.LineWidth = 2;
        drawn.LinePattern = line.Dashed ? LinePattern.Dashed : LinePattern.Solid;
        if (line.Dots)
            drawn.MarkerStyle = new MarkerStyle(MarkerShape.FilledCircle, 6, color);
        if (line.Spread is { } spread)
            plot.Add.ErrorBar(x, y, yErrors: [.. spread]).Color = color;
        foreach (var (markX, markY) in line.Marks)
            plot.Add.Marker(markX, markY, MarkerShape.FilledCircle, 9, color);
    }

    private static Color Palette(int index, int count) => new ScottPlot.Colormaps.Turbo().GetColor(count == 1 ? 0.1 : 0.05 + (0.85 * index / (count - 1)));
}
