using System.Text;
using System.Text.Json;

namespace EtfNet;

/// <summary>A report as JSON.</summary>
internal static class ReportJson
{
    public static string Write(CollapseReport report)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("version", 1);
            json.WriteBoolean("isExact", report.IsExact);
            json.WriteNumber("epoch", report.Epoch);
            json.WriteNumber("unlabeledForwards", report.UnlabeledForwards);
            json.WriteStartArray("layers");
            foreach (var layer in report.Layers)
                Write(json, layer);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void Write(Utf8JsonWriter json, LayerCollapse layer)
    {
        json.WriteStartObject();
        json.WriteString("name", layer.Name);
        json.WriteString("featurePoint", layer.FeaturePoint);
        json.WriteNumber("samples", layer.Samples);
        json.WriteNumber("observed", layer.Observed);
        json.WriteNumber("nonFinite", layer.NonFinite);
        json.WriteNumber("presentClasses", layer.PresentClasses);
        json.WriteNumber("width", layer.Width);
        foreach (var (name, value) in ReportNumbers.All(layer))
            if (value is null)
                json.WriteNull(name);
            else if (double.IsFinite(value.Value))
                json.WriteNumber(name, value.Value);
            else
                // JSON has no number for it: two classes with one mean have an infinite CDNV.
                json.WriteString(name, value.Value.ToString(System.Globalization.CultureInfo.InvariantCulture));
        if (layer.Nc1Rank is { } rank)
            json.WriteNumber("nc1Rank", rank);
        else
            json.WriteNull("nc1Rank");
        json.WriteString("reason", layer.Reason);
        json.WriteEndObject();
    }
}
