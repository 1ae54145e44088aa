using System.Globalization;
using System.Text;

namespace EtfNet;

/// <summary>A report of depth as a table of text.</summary>
internal static class DepthTable
{
    private static readonly (string Title, Func<DepthLayer, string> Cell)[] s_columns =
    [
        ("layer", Name),
        ("nearest center", layer => Number(layer.CenterAccuracy, "0.0000")),
        ("ridge head", layer => Number(layer.RidgeAccuracy, "0.0000")),
        ("parameters", layer => layer.Parameters.ToString("N0", CultureInfo.InvariantCulture)),
        ("us/sample", layer => Number(layer.Microseconds, "G4")),
        ("of the time", layer => Number(100 * layer.TimeShare, "0", "%")),
        ("width", layer => layer.Width == 0 ? "" : layer.Width.ToString(CultureInfo.InvariantCulture)),
        ("cut", layer => layer.CutObstacle is null ? "yes" : ""),
        ("features", layer => layer.FeaturePoint),
    ];

    public static string Write(DepthReport report)
    {
        var text = new StringBuilder();
        text.Append(
            CultureInfo.InvariantCulture,
            $"Depth: heads of {report.TrainingSamples} training samples on {report.HeldOutSamples} held out; ");
        text.Append(report.ModelAccuracy is { } accuracy
            ? string.Create(CultureInfo.InvariantCulture, $"the model's accuracy {accuracy:0.0000}, ")
            : "the model's accuracy is not known, ");
        text.Append(CultureInfo.InvariantCulture, $"{report.Parameters:N0} parameters, {report.Microseconds:G4} us/sample");
        TextTable.Append(
            text, [.. s_columns.Select(column => column.Title)],
            [.. report.Layers.Select(layer => s_columns.Select(column => column.Cell(layer)).ToArray())]);
        text.AppendLine().Append("  ").Append(report.ShallowestCut is { } cut
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"shallowest cut within {report.Tolerance:0.####}: behind {Name(cut)}, {Share(cut, report):0}% of the parameters, "
                + $"{100 * cut.TimeShare:0}% of the time")
            : string.Create(CultureInfo.InvariantCulture, $"no cut within {report.Tolerance:0.####}"));
        foreach (var layer in report.Layers)
            if (layer.Reason is not null)
                text.AppendLine().Append("  ").Append(Name(layer)).Append(": ").Append(layer.Reason);
        return text.ToString();
    }

    private static double Share(DepthLayer cut, DepthReport report) =>
        report.Parameters == 0 ? 0 : 100.0 * (cut.Parameters + ((long)cut.Width + 1) * report.ClassCount) / report.Parameters;

    private static string Name(DepthLayer layer) => Words.Layer(layer.Name);

    private static string Number(double? value, string format, string unit = "") =>
        value is { } number ? number.ToString(format, CultureInfo.InvariantCulture) + unit : "";
}
