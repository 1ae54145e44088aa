using System.Globalization;
using System.Net;
using System.Text;

namespace EtfNet.Samples;

/// <summary>One self-contained HTML page: a chart for each metric, a line for each layer over the epochs, and the last epoch's numbers.</summary>
internal static class CollapsePage
{
    private static readonly (string Title, string Meaning, Func<LayerCollapse, double?> Value)[] s_metrics =
    [
        ("NCC error", "share of samples nearer to another class's mean than to their own", layer => layer.NccError),
        ("NC1", "variability within classes against that between them; 0 is collapse", layer => layer.Nc1),
        ("CDNV", "class-distance normalized variance; 0 is collapse", layer => layer.Cdnv),
        ("Equinorm", "spread of the class means' norms; 0 is a simplex ETF", layer => layer.Equinorm),
        ("Equiangularity", "distance of the class means' angles from those of a simplex ETF", layer => layer.Equiangularity),
    ];

    /// <param name="epochs">A report for each epoch, of the same layers; at least one.</param>
    public static string Write(IReadOnlyList<CollapseReport> epochs)
    {
        var html = new StringBuilder();
        html.Append("""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <title>Collapse per layer</title>
            <style>
            body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
            table { border-collapse: collapse; } td, th { padding: .2rem .8rem; text-align: right; border-bottom: 1px solid #ddd; }
            td:first-child, th:first-child { text-align: left; } small { color: #666; }
            </style>
            </head>
            <body>
            <h1>Collapse per layer</h1>

            """);
        foreach (var (title, meaning, value) in s_metrics)
        {
            html.Append(CultureInfo.InvariantCulture, $"<h2>{title}</h2>\n<p><small>{meaning}</small></p>\n");
            html.Append(LineChart.Write([.. epochs[^1].Layers.Select(layer => (layer.Name, Series(epochs, layer.Name, value)))]));
        }

        html.Append("<h2>After the last epoch</h2>\n<table>\n<tr><th>layer</th>");
        html.AppendJoin("", s_metrics.Select(metric => $"<th>{metric.Title}</th>")).Append("</tr>\n");
        foreach (var layer in epochs[^1].Layers)
        {
            html.Append(CultureInfo.InvariantCulture, $"<tr><td>{WebUtility.HtmlEncode(layer.Name)}</td>");
            html.AppendJoin("", s_metrics.Select(metric => $"<td>{metric.Value(layer)?.ToString("0.0000", CultureInfo.InvariantCulture) ?? "-"}</td>")).Append("</tr>\n");
        }

        return html.Append("</table>\n</body>\n</html>\n").ToString();
    }

    private static IReadOnlyList<double?> Series(IReadOnlyList<CollapseReport> epochs, string layer, Func<LayerCollapse, double?> value) =>
        [.. epochs.Select(report => value(report[layer]))];
}
