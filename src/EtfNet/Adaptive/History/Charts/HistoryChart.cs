using System.Net;
using System.Text;
using static System.FormattableString;

namespace EtfNet;

/// <summary>Curves over epochs as SVG inside HTML.</summary>
/// <param name="title">The heading.</param>
/// <param name="format">Writes values of the vertical axis.</param>
internal sealed class HistoryChart(string title, Func<double, string> format)
{
    private const int DottedUpTo = 60;

    public List<ChartSeries> Series { get; } = [];

    public List<ChartMark> Marks { get; } = [];

    /// <summary>A horizontal line and its name.</summary>
    public (double Value, string Name)? Level { get; init; }

    /// <summary>Whether values stay until the next epoch instead of moving towards it.</summary>
    public bool IsStepped { get; init; }

    /// <summary>Whether the vertical axis has whole numbers only.</summary>
    public bool IsWhole { get; init; }

    /// <summary>The figure; empty where there is no value to show.</summary>
    public string Write()
    {
        var points = Series.SelectMany(series => series.Points).ToList();
        var values = points.Select(point => point.Value).OfType<double>().Where(double.IsFinite).ToList();
        if (values.Count == 0)
            return "";
        var axes = new ChartAxes(
            points.Min(point => point.Epoch), points.Max(point => point.Epoch), values.Min(),
            Math.Max(values.Max(), Level?.Value ?? double.NegativeInfinity), IsWhole);
        var svg = new StringBuilder();
        svg.Append(Invariant($"<figure><figcaption>{Text(title)}</figcaption>\n"))
            .Append(Invariant($"<svg viewBox=\"0 0 {ChartAxes.Width} {ChartAxes.Height}\" role=\"img\" aria-label=\"{Text(title)}\">\n"));
        WriteAxes(svg, axes);
        foreach (var series in Series)
            WriteCurve(svg, axes, series);
        foreach (var mark in Marks)
            WriteMark(svg, axes, mark);
        svg.Append("</svg>\n<ul class=\"legend\">");
        foreach (var series in Series)
            svg.Append(Invariant($"<li><span style=\"{Color("background", series.Hue)}\"></span>{Text(series.Name)}</li>"));
        return svg.Append("</ul></figure>\n").ToString();
    }

    private void WriteAxes(StringBuilder svg, ChartAxes axes)
    {
        foreach (var value in axes.Values())
            svg.Append(axes.Line("grid", value))
                .Append(Invariant($"<text class=\"y\" x=\"{ChartAxes.Left - 8}\" y=\"{axes.Y(value) + 4:0.0}\">"))
                .Append(Invariant($"{Text(format(value))}</text>\n"));
        foreach (var epoch in axes.Epochs())
            svg.Append(Invariant($"<text class=\"x\" x=\"{axes.X(epoch):0.0}\" y=\"{ChartAxes.Bottom + 19}\">{epoch}</text>\n"));
        svg.Append(Invariant($"<text class=\"x\" x=\"{ChartAxes.Middle:0.0}\" y=\"{ChartAxes.Height - 6}\">epoch</text>\n"));
        if (Level is { } level)
            svg.Append(axes.Line("level", level.Value))
                .Append(Invariant($"<text class=\"y\" x=\"{ChartAxes.Right}\" y=\"{axes.Y(level.Value) - 5:0.0}\">"))
                .Append(Invariant($"{Text(level.Name)}</text>\n"));
    }

    private void WriteCurve(StringBuilder svg, ChartAxes axes, ChartSeries series)
    {
        var path = new StringBuilder();
        double? before = null;
        foreach (var (epoch, value) in series.Points)
        {
            if (value is not { } number || !double.IsFinite(number))
            {
                before = null;
                continue;
            }

            var (x, y) = (axes.X(epoch), axes.Y(number));
            path.Append(before is null ? Invariant($"M{x:0.0} {y:0.0}")
                : IsStepped ? Invariant($"H{x:0.0}V{y:0.0}") : Invariant($"L{x:0.0} {y:0.0}"));
            before = number;
            if (axes.Span <= DottedUpTo)
                svg.Append(Invariant($"<circle cx=\"{x:0.0}\" cy=\"{y:0.0}\" r=\"2.5\" "))
                    .Append(Invariant($"style=\"{Color("fill", series.Hue)}\">"))
                    .Append(Invariant($"<title>{Text(series.Name)}, epoch {epoch}: {Text(format(number))}</title></circle>\n"));
        }

        svg.Append(Invariant($"<path d=\"{path}\" style=\"{Color("stroke", series.Hue)}\"/>\n"));
    }

    private static void WriteMark(StringBuilder svg, ChartAxes axes, ChartMark mark)
    {
        var (x, y) = (axes.X(mark.Epoch), axes.Y(mark.Value));
        svg.Append(mark.IsFix
                ? Invariant($"<circle class=\"mark\" cx=\"{x:0.0}\" cy=\"{y:0.0}\" r=\"6\" ")
                : Invariant($"<path class=\"cross\" d=\"M{x - 6:0.0} {y - 6:0.0}l12 12m0 -12l-12 12\" "))
            .Append(Invariant($"style=\"{Color(mark.IsFix ? "fill" : "stroke", mark.Hue)}\">"))
            .Append(Invariant($"<title>{Text(mark.Text)}</title>"))
            .Append(mark.IsFix ? "</circle>\n" : "</path>\n");
    }

    private static string Color(string property, double hue) => Invariant($"{property}:hsl({hue:0} 70% var(--l))");

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
