using System.Text.Json;

namespace EtfNet;

/// <summary>A report as JSON.</summary>
internal static class ReportJson
{
    public static string Write(CollapseReport report) => JsonText.Object(json =>
    {
        json.WriteNumber("version", 1);
        json.WriteBoolean("isExact", report.IsExact);
        json.WriteNumber("epoch", report.Epoch);
        json.WriteNumber("unlabeledForwards", report.UnlabeledForwards);
        json.Objects("layers", report.Layers, layer => Write(json, layer));
    });

    private static void Write(Utf8JsonWriter json, LayerCollapse layer)
    {
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
            json.Number(name, value);
        json.Whole("nc1Rank", layer.Nc1Rank);
        json.WriteString("reason", layer.Reason);
        if (layer.Measures is { } measures)
            Write(json, measures);
    }

    /// <summary>The numbers that there are, and the reasons of those that are missing.</summary>
    private static void Write(Utf8JsonWriter json, CollapseMetrics measures)
    {
        json.WriteStartObject("measures");
        foreach (var (name, value) in MeasureNames.Numbers(measures))
            if (value is not null)
                json.Number(name, value);
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
}
