using System.Globalization;
using System.Text;

namespace EtfNet;

/// <summary>A report of depth as comma-separated values.</summary>
internal static class DepthCsv
{
    public static string Write(DepthReport report)
    {
        var text = new StringBuilder();
        var names = DepthNumbers.Of(new DepthLayer { Name = "", FeaturePoint = "" }).Select(entry => entry.Name);
        CsvLine.Append(text, ["layer", .. names, "features", "cutObstacle", "reason"]);
        foreach (var layer in report.Layers)
            CsvLine.Append(
                text,
                [
                    layer.Name, .. DepthNumbers.Of(layer).Select(entry => entry.Value?.ToString("R", CultureInfo.InvariantCulture) ?? ""),
                    layer.FeaturePoint, layer.CutObstacle ?? "", layer.Reason ?? "",
                ]);
        return text.ToString();
    }
}
