using System.Globalization;
using System.Text;

namespace EtfNet;

/// <summary>A report as comma-separated values.</summary>
internal static class ReportCsv
{
    public static string Write(CollapseReport report)
    {
        var numbers = ReportNumbers.All(new LayerCollapse { Name = "", FeaturePoint = "" }).Select(entry => entry.Name);
        var text = new StringBuilder();
        var counts = "epoch,layer,samples,observed,nonFinite,withinRounding,presentClasses,width".Split(',');
        Line([.. counts, .. numbers, "features", "reason"]);
        foreach (var layer in report.Layers)
            Line(
            [
                Whole(report.Epoch), layer.Name, Whole(layer.Samples), Whole(layer.Observed), Whole(layer.NonFinite),
                Whole(layer.WithinRounding), Whole(layer.PresentClasses), Whole(layer.Width),
                .. ReportNumbers.All(layer).Select(entry => entry.Value?.ToString("R", CultureInfo.InvariantCulture) ?? ""),
                layer.FeaturePoint, layer.Reason ?? "",
            ]);
        return text.ToString();

        void Line(string[] cells) => CsvLine.Append(text, cells);
    }

    private static string Whole(long value) => value.ToString(CultureInfo.InvariantCulture);
}
