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
        json.WriteBoolean("hasPlace", layer.HasPlace);
        json.WriteNumber("samples", layer.Samples);
        json.WriteNumber("observed", layer.Observed);
        json.WriteNumber("nonFinite", layer.NonFinite);
        json.WriteNumber("withinRounding", layer.WithinRounding);
        json.WriteNumber("presentClasses", layer.PresentClasses);
        json.WriteNumber("width", layer.Width);
        foreach (var (name, value) in ReportNumbers.Own(layer))
            Write(json, name, value);
        if (layer.Nc1Rank is { } rank)
            json.WriteNumber("nc1Rank", rank);
        else
            json.WriteNull("nc1Rank");
        json.WriteString("reason", layer.Reason);
        if (layer.Measures is { } measures)
            Write(json, measures);
        json.WriteEndObject();
    }

    /// <summary>The numbers that there are, and the reasons of those that are missing.</summary>
    private static void Write(Utf8JsonWriter json, CollapseMetrics measures)
    {
        json.WriteStartObject("measures");
        foreach (var (name, value) in MeasureNames.Numbers(measures))
            if (value is not null)
                Write(json, name, value);
        if (measures.ClassErrors is { } errors)
        {
            json.WriteStartArray("classErrors");
            foreach (var error in errors)
                if (error is { } number)
                    json.WriteNumberValue(number);
                else
                    json.WriteNullValue();
            json.WriteEndArray();
        }

        json.WriteStartObject("missing");
        foreach (var (name, reason) in measures.Missing)
            json.WriteString(name, reason);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, double? value)
    {
        if (value is not { } number)
            json.WriteNull(name);
        else if (double.IsFinite(number))
            json.WriteNumber(name, number);
        else
            // JSON has no number for it.
            json.WriteString(name, number.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }
}
