using System.Globalization;
using System.Net;
using System.Text;
using static System.FormattableString;

namespace EtfNet;

/// <summary>A history as a page of curves.</summary>
internal static class HistoryPage
{
    private const double FirstHue = 260, HueRange = 250;

    private const string Style = """
        :root{color-scheme:light dark;--l:38%;--fg:#1b1f24;--dim:#57606a;--grid:#d8dee4;--bg:#fff}
        @media(prefers-color-scheme:dark){:root{--l:64%;--fg:#e6edf3;--dim:#9aa4af;--grid:#30363d;--bg:#0d1117}}
        body{margin:0 auto;padding:24px 16px;max-width:960px;background:var(--bg);color:var(--fg);font:15px/1.45 system-ui,sans-serif}
        h1{font-size:24px;margin:0 0 4px}h2{font-size:17px;margin:28px 0 8px}p{margin:0 0 12px;color:var(--dim)}
        figure{margin:24px 0}figcaption{font-weight:600;margin-bottom:4px}svg{width:100%;height:auto;display:block}
        svg text{fill:var(--dim);font-size:12px}text.y{text-anchor:end}text.x{text-anchor:middle}
        svg path{fill:none;stroke-width:2;stroke-linejoin:round}path.cross{stroke-width:3}.grid{stroke:var(--grid)}
        .level{stroke:var(--dim);stroke-dasharray:6 4}.mark{stroke:var(--fg);stroke-width:2}
        .legend{display:flex;flex-wrap:wrap;gap:4px 16px;list-style:none;margin:4px 0 0;padding:0;font-size:13px}
        .legend span{display:inline-block;width:12px;height:12px;border-radius:3px;margin-right:6px;vertical-align:-1px}
        .scroll{overflow-x:auto}table{border-collapse:collapse;font-size:14px}
        th,td{padding:4px 14px 4px 0;text-align:left;border-bottom:1px solid var(--grid);white-space:nowrap}
        td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
        """;

    public static string Write(EtfHistory history)
    {
        var page = new StringBuilder();
        page.Append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
            .Append("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n")
            .Append(Invariant($"<title>{Text(history.Title)}</title>\n<style>\n{Style}\n</style>\n</head>\n<body>\n"))
            .Append(Invariant($"<h1>{Text(history.Title)}</h1>\n<p>{Text(Summary(history))}</p>\n"));
        foreach (var chart in HistoryCharts.Of(history))
            page.Append(chart.Write());
        Events(page, history);
        return page.Append("</body>\n</html>\n").ToString();
    }

    /// <summary>The hue of a layer, by its place: neighbors have similar colors.</summary>
    public static double Hue(int index, int count) => count < 2 ? FirstHue : FirstHue - HueRange * index / (count - 1);

    private static string Summary(EtfHistory history)
    {
        if (history.Epochs is not [var first, ..] || history.Epochs[^1] is not { } last)
            return "No epoch has been added yet.";
        var text = Invariant($"Epochs {first.Report.Epoch} to {last.Report.Epoch}. ")
            + Invariant($"{last.Report.FixedCount} of {last.Report.Layers.Count} layers are fixed.");
        if (last.Report.EffectiveDepth is { } depth)
            text += Invariant($" The effective depth is {depth}.");
        if (last.Figures.Accuracy is { } accuracy)
            text += Invariant($" The last accuracy is {100 * accuracy:0.0}%.");
        if (first.Figures.Footprint is { } before && last.Figures.Footprint is { } after && before.TrainableParameters > 0)
            text += Invariant(
                $" Trainable parameters: {after.TrainableParameters:N0}, {before.TrainableParameters:N0} after the first epoch.");
        return text;
    }

    private static void Events(StringBuilder page, EtfHistory history)
    {
        page.Append("<h2>Fixed and reverted layers</h2>\n");
        if (!history.Epochs.Any(epoch => epoch.Report.NewlyFixed.Count > 0 || epoch.Report.Reverted.Count > 0))
        {
            page.Append("<p>None.</p>\n");
            return;
        }

        page.Append("<div class=\"scroll\"><table>\n<tr><th class=\"n\">epoch</th><th>layer</th><th>event</th><th>frame</th>")
            .Append("<th class=\"n\">rank</th><th class=\"n\">NCC error</th><th class=\"n\">output error</th>")
            .Append("<th class=\"n\">weights fixed</th></tr>\n");
        foreach (var (report, _) in history.Epochs)
        {
            foreach (var layer in report.Reverted)
                Row(page, report.Epoch, layer, "reverted", "", "", "", "", "");
            foreach (var layer in report.NewlyFixed)
                Row(page, report.Epoch, layer.Name, layer.InPlace ? "fixed in place" : "fixed", layer.Frame.ToString(),
                    layer.Rank?.ToString(CultureInfo.InvariantCulture) ?? "", Number(layer.NccError), Number(layer.OutputError),
                    layer.ParametersFixed.ToString("N0", CultureInfo.InvariantCulture));
        }

        page.Append("</table></div>\n");
    }

    private static void Row(StringBuilder page, int epoch, string layer, string what, string frame, params string[] numbers)
    {
        page.Append(Invariant($"<tr><td class=\"n\">{epoch}</td><td>{Text(Words.Layer(layer))}</td><td>{what}</td><td>{Text(frame)}</td>"));
        foreach (var number in numbers)
            page.Append(Invariant($"<td class=\"n\">{number}</td>"));
        page.Append("</tr>\n");
    }

    private static string Number(double? value) => value?.ToString("0.0000", CultureInfo.InvariantCulture) ?? "";

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
