namespace EtfNet;

/// <summary>A report as comma-separated values.</summary>
internal static class ReportCsv
{
    private static readonly string[] s_counts =
        ["epoch", "layer", "samples", "observed", "nonFinite", "withinRounding", "presentClasses", "width"];

    public static string Write(CollapseReport report, bool heading)
    {
        var csv = new CsvText();
        if (heading)
        {
            var numbers = ReportNumbers.All(new LayerCollapse { Name = "", FeaturePoint = "" }).Select(entry => entry.Name);
            csv.Line([.. s_counts, .. numbers, "features", "reason"]);
        }

        foreach (var layer in report.Layers)
            csv.Line(
            [
                CsvText.Cell(report.Epoch), layer.Name, CsvText.Cell(layer.Samples), CsvText.Cell(layer.Observed),
                CsvText.Cell(layer.NonFinite), CsvText.Cell(layer.WithinRounding), CsvText.Cell(layer.PresentClasses),
                CsvText.Cell(layer.Width),
                .. ReportNumbers.All(layer).Select(entry => CsvText.Cell(entry.Value)),
                layer.FeaturePoint, layer.Reason ?? "",
            ]);
        return csv.ToString();
    }
}
