namespace EtfNet;

/// <summary>A history as comma-separated values.</summary>
internal static class HistoryCsv
{
    private const string Between = "; ";

    private static readonly string[] s_columns =
    [
        "epoch", "loss", "accuracy", "seconds", "fixedLayers", "effectiveDepth", "trainableParameters", "weightBytes", "gradientBytes",
        "optimizerBytes", "newlyFixed", "reverted",
    ];

    public static string Write(EtfHistory history, bool heading)
    {
        var csv = new CsvText();
        var hasTails = history.Epochs.Any(epoch => epoch.Report.Tail is not null);
        if (heading)
            csv.Line(
            [
                .. s_columns, .. Tail("cutBehind"),
                .. history.Layers.Select(layer => $"nccError/{(layer.Length == 0 ? "model" : layer)}"),
            ]);
        foreach (var (report, figures) in history.Epochs)
            csv.Line(
            [
                CsvText.Cell(report.Epoch), CsvText.Cell(figures.Loss), CsvText.Cell(figures.Accuracy), CsvText.Cell(figures.Seconds),
                CsvText.Cell(report.FixedCount), CsvText.Cell(report.EffectiveDepth),
                CsvText.Cell(figures.Footprint?.TrainableParameters), CsvText.Cell(figures.Footprint?.WeightBytes),
                CsvText.Cell(figures.Footprint?.GradientBytes), CsvText.Cell(figures.Footprint?.OptimizerBytes),
                string.Join(Between, report.NewlyFixed.Select(layer => layer.Name)), string.Join(Between, report.Reverted),
                .. Tail(report.Tail?.Cut?.Layer ?? ""), .. history.Layers.Select(layer => CsvText.Cell(EtfHistory.ErrorOf(report, layer))),
            ]);
        return csv.ToString();

        IEnumerable<string> Tail(string cell) => hasTails ? [cell] : [];
    }
}
