using System.Globalization;
using System.Net;
using System.Text;

namespace EtfNet.Samples;

/// <summary>Lines over epochs as an SVG picture, written by hand so that the page needs nothing else.</summary>
internal static class LineChart
{
    private const double Width = 640;
    private const double Height = 260;
    private const double Left = 60;
    private const double Bottom = 30;
    private const double Legend = 130;

    /// <param name="lines">A name and a value for each epoch; null and what is not finite leaves a gap.</param>
    public static string Write(IReadOnlyList<(string Name, IReadOnlyList<double?> Values)> lines)
    {
        var epochs = lines.Max(line => line.Values.Count);
        var highest = lines.SelectMany(line => line.Values).OfType<double>().Where(double.IsFinite).DefaultIfEmpty(0).Max() is > 0 and var top ? top : 1;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Width} {Height}\" width=\"{Width}\" font-size=\"12\" role=\"img\">\n");
        for (var i = 0; i <= 4; i++)
        {
            var level = highest * i / 4;
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Left}\" x2=\"{Width - Legend}\" y1=\"{Y(level):0.#}\" y2=\"{Y(level):0.#}\" stroke=\"#ddd\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 6}\" y=\"{Y(level) + 4:0.#}\" text-anchor=\"end\">{level:0.###}</text>\n");
        }

        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{X(0):0.#}\" y=\"{Height - 8}\" text-anchor=\"middle\">epoch 1</text>");
        if (epochs > 1)
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{X(epochs - 1):0.#}\" y=\"{Height - 8}\" text-anchor=\"middle\">{epochs}</text>\n");
        for (var i = 0; i < lines.Count; i++)
        {
            var color = string.Create(CultureInfo.InvariantCulture, $"hsl({(lines.Count == 1 ? 0 : 250.0 * i / (lines.Count - 1)):0} 70% 45%)");
            var points = lines[i].Values.Select((value, epoch) => (value, epoch)).Where(point => point.value is { } v && double.IsFinite(v)).ToList();
            svg.Append(CultureInfo.InvariantCulture, $"<polyline fill=\"none\" stroke=\"{color}\" stroke-width=\"2\" points=\"");
            svg.AppendJoin(' ', points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{X(point.epoch):0.#},{Y(point.value!.Value):0.#}"))).Append("\"/>");
            foreach (var (value, epoch) in points)
                svg.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{X(epoch):0.#}\" cy=\"{Y(value!.Value):0.#}\" r=\"3\" fill=\"{color}\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Width - Legend + 12}\" y=\"{20 + (16 * i)}\" fill=\"{color}\">{WebUtility.HtmlEncode(lines[i].Name)}</text>\n");
        }

        return svg.Append("</svg>\n").ToString();

        double X(int epoch) => Left + ((Width - Left - Legend) * (epochs == 1 ? 0.5 : (double)epoch / (epochs - 1)));

        double Y(double value) => Height - Bottom - ((Height - Bottom - 12) * value / highest);
    }
}
