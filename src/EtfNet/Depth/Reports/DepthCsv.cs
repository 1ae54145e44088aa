namespace EtfNet;

/// <summary>A report of depth as comma-separated values.</summary>
internal static class DepthCsv
{
    public static string Write(DepthReport report)
    {
        var csv = new CsvText();
        var names = DepthNumbers.Of(new DepthLayer { Name = "", FeaturePoint = "" }).Select(entry => entry.Name);
        csv.Line(["layer", .. names, "features", "cutObstacle", "reason"]);
        foreach (var layer in report.Layers)
            csv.Line(
            [
                layer.Name, .. DepthNumbers.Of(layer).Select(entry => CsvText.Cell(entry.Value)), layer.FeaturePoint,
                layer.CutObstacle ?? "", layer.Reason ?? "",
            ]);
        return csv.ToString();
    }
}
