using System.Globalization;
using System.Text;

namespace EtfNet;

/// <summary>A report as a table of text; columns that no layer fills are left out.</summary>
internal static class ReportTable
{
    private static readonly (string Title, Func<LayerCollapse, string> Cell)[] Columns =
    [
        ("layer", Name),
        ("NCC error", layer => Number(layer.NccError, "0.0000")),
        ("95% interval", layer => layer.Interval?.ToString() ?? ""),
        ("scored", layer => Whole(layer.Samples)),
        ("observed", layer => Whole(layer.Observed)),
        ("classes", layer => Whole(layer.PresentClasses)),
        ("width", layer => Whole(layer.Width)),
        ("NC1", layer => Number(layer.Nc1, "G4")),
        ("tr Sw/tr Sb", layer => Number(layer.TraceQuotient, "G4")),
        ("within", layer => Number(layer.Measures?.WithinShare, "G4")),
        ("CDNV", layer => Number(layer.Cdnv, "G4")),
        ("equinorm", layer => Number(layer.Equinorm, "G4")),
        ("equiangle", layer => Number(layer.Equiangularity, "G4")),
        ("Gram", layer => Number(layer.GramDeviation, "G4")),
        ("rank", layer => Number(layer.Measures?.Means.EffectiveRank, "G4")),
        ("NC3", layer => Number(layer.SelfDuality, "G4")),
        ("NC4", layer => Number(layer.Nc4Mismatch, "0.0000")),
        ("features", layer => layer.FeaturePoint),
    ];

    public static string Write(CollapseReport report)
    {
        var text = new StringBuilder();
        text.Append(report.IsExact
            ? "Collapse, exact"
            : string.Create(CultureInfo.InvariantCulture, $"Collapse, online, epoch {report.Epoch}"));
        if (report.UnlabeledForwards > 0)
            text.Append(CultureInfo.InvariantCulture, $"; {report.UnlabeledForwards} training forwards had no labels");

        var rows = report.Layers.Select(layer => Columns.Select(column => column.Cell(layer)).ToArray()).ToArray();
        TextTable.Append(text, [.. Columns.Select(column => column.Title)], rows);
        foreach (var layer in report.Layers)
            if (layer.Reason is not null)
                text.AppendLine().Append("  ").Append(Name(layer)).Append(": ").Append(layer.Reason);
        foreach (var group in report.Layers.Where(layer => layer.Measures?.Missing.Count > 0).GroupBy(layer => layer.Measures!.Missing))
            foreach (var line in group.Key.ToString().Split(Environment.NewLine))
                text.AppendLine().Append("  no ").Append(line).Append(" (").AppendJoin(", ", group.Select(Name)).Append(')');
        return text.ToString();
    }

    private static string Name(LayerCollapse layer) => Words.Layer(layer.Name);

    private static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "";

    private static string Whole(long value) => value.ToString(CultureInfo.InvariantCulture);
}
