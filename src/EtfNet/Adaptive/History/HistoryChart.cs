using System.Globalization;
using System.Net;
using System.Text;
using static System.FormattableString;

namespace EtfNet;

/// <summary>Curves over epochs as SVG inside HTML.</summary>
/// <param name="title">The heading.</param>
/// <param name="format">Writes values of the vertical axis.</param>
internal sealed class HistoryChart(string title, Func<double, string> format)
{
    private const double Width = 920, Height = 330, Left = 74, Right = 16, Top = 14, Bottom = 44;
    private const int DottedUpTo = 60;
    private const int Ticks = 5;

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
        var epochs = points.Select(point => point.Epoch).ToList();
        var (first, last) = (epochs.Min(), epochs.Max());
        var (low, high) = (Math.Min(0, values.Min()), Math.Max(values.Max(), Level?.Value ?? double.NegativeInfinity));
        var step = Step(high - low, IsWhole);
        (low, high) = (Math.Floor(low / step) * step, Math.Ceiling(high / step) * step);
        if (high <= low)
            high = low + step;

        var svg = new StringBuilder();
        svg.Append(Invariant($"<figure><figcaption>{Text(title)}</figcaption>\n"))
            .Append(Invariant($"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{Text(title)}\">\n"));
        for (var i = 0; low + i * step <= high + step / 2; i++)
            Line("grid", low + i * step)
                .Append(Invariant($"<text class=\"y\" x=\"{Left - 8}\" y=\"{Y(low + i * step) + 4:0.0}\">"))
                .Append(Invariant($"{Text(format(low + i * step))}</text>\n"));
        var stride = (int)Math.Max(1, Step(last - first, isWhole: true));
        for (var epoch = first; epoch <= last; epoch = epoch == first && stride > 1 ? (first / stride + 1) * stride : epoch + stride)
            svg.Append(Invariant($"<text class=\"x\" x=\"{X(epoch):0.0}\" y=\"{Height - Bottom + 19}\">{epoch}</text>\n"));
        svg.Append(Invariant($"<text class=\"x\" x=\"{(Left + Width - Right) / 2:0.0}\" y=\"{Height - 6}\">epoch</text>\n"));
        if (Level is { } level)
            Line("level", level.Value)
                .Append(Invariant($"<text class=\"y\" x=\"{Width - Right}\" y=\"{Y(level.Value) - 5:0.0}\">{Text(level.Name)}</text>\n"));
        foreach (var series in Series)
            Curve(series);
        foreach (var mark in Marks)
            Mark(mark);
        svg.Append("</svg>\n<ul class=\"legend\">");
        foreach (var series in Series)
            svg.Append(Invariant($"<li><span style=\"{Color("background", series.Hue)}\"></span>{Text(series.Name)}</li>"));
        return svg.Append("</ul></figure>\n").ToString();

        double X(double epoch) =>
            last == first ? (Left + Width - Right) / 2 : Left + 8 + (epoch - first) / (last - first) * (Width - Left - Right - 16);
        double Y(double value) => Height - Bottom - (value - low) / (high - low) * (Height - Top - Bottom);

        StringBuilder Line(string kind, double value) => svg.Append(
            Invariant($"<line class=\"{kind}\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(value):0.0}\" y2=\"{Y(value):0.0}\"/>"));

        void Curve(ChartSeries series)
        {
            var path = new StringBuilder();
            double? before = null;
            foreach (var (epoch, value) in series.Points)
            {
                if (value is { } number && double.IsFinite(number))
                {
                    path.Append(before is null ? Invariant($"M{X(epoch):0.0} {Y(number):0.0}")
                        : IsStepped ? Invariant($"H{X(epoch):0.0}V{Y(number):0.0}") : Invariant($"L{X(epoch):0.0} {Y(number):0.0}"));
                    before = number;
                    if (last - first <= DottedUpTo)
                        svg.Append(Invariant($"<circle cx=\"{X(epoch):0.0}\" cy=\"{Y(number):0.0}\" r=\"2.5\" "))
                            .Append(Invariant($"style=\"{Color("fill", series.Hue)}\">"))
                            .Append(Invariant($"<title>{Text(series.Name)}, epoch {epoch}: {Text(format(number))}</title></circle>\n"));
                }
                else
                {
                    before = null;
                }
            }

            svg.Append(Invariant($"<path d=\"{path}\" style=\"{Color("stroke", series.Hue)}\"/>\n"));
        }

        void Mark(ChartMark mark)
        {
            var (x, y) = (X(mark.Epoch), Y(mark.Value));
            svg.Append(mark.IsFix
                    ? Invariant($"<circle class=\"mark\" cx=\"{x:0.0}\" cy=\"{y:0.0}\" r=\"6\" ")
                    : Invariant($"<path class=\"cross\" d=\"M{x - 6:0.0} {y - 6:0.0}l12 12m0 -12l-12 12\" "))
                .Append(Invariant($"style=\"{Color(mark.IsFix ? "fill" : "stroke", mark.Hue)}\">"))
                .Append(Invariant($"<title>{Text(mark.Text)}</title>"))
                .Append(mark.IsFix ? "</circle>\n" : "</path>\n");
        }
    }

    private static string Color(string property, double hue) => Invariant($"{property}:hsl({hue:0} 70% var(--l))");

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    /// <summary>A distance of 1, 2 or 5 times a power of ten that divides a range into a few parts.</summary>
    private static double Step(double range, bool isWhole)
    {
        if (range <= 0)
            return 1;
        var power = Math.Pow(10, Math.Floor(Math.Log10(range / Ticks)));
        var step = power * (range / Ticks / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 };
        return isWhole ? Math.Max(1, step) : step;
    }
}
