namespace EtfNet;

/// <summary>A scheduler's report as comma-separated values.</summary>
internal static class EtfReportCsv
{
    private static readonly string[] s_columns =
    [
        "epoch", "layer", "nccError", "nccErrorLow", "nccErrorHigh", "isFixed", "isOnTrial", "fixedAtEpoch", "frame", "rank", "outputError",
        "decision", "note",
    ];

    public static string Write(EtfReport report, bool heading)
    {
        var csv = new CsvText();
        if (heading)
            csv.Line(s_columns);
        foreach (var layer in report.Layers)
            csv.Line(
            [
                CsvText.Cell(report.Epoch), layer.Name, CsvText.Cell(layer.NccError), CsvText.Cell(layer.Interval?.Low),
                CsvText.Cell(layer.Interval?.High), CsvText.Cell(layer.IsFixed), CsvText.Cell(layer.IsOnTrial),
                CsvText.Cell(layer.Fix?.Epoch), layer.Fix?.Frame.ToString() ?? "", CsvText.Cell(layer.Fix?.Rank),
                CsvText.Cell(layer.Fix?.OutputError), layer.Decision.Reason.ToString(), layer.Note,
            ]);
        return csv.ToString();
    }
}
