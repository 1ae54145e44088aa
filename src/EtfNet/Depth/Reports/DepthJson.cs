using System.Text;
using System.Text.Json;

namespace EtfNet;

/// <summary>A report of depth as JSON.</summary>
internal static class DepthJson
{
    public static string Write(DepthReport report)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("version", 1);
            Write(json, "modelAccuracy", report.ModelAccuracy);
            json.WriteNumber("parameters", report.Parameters);
            json.WriteNumber("microseconds", report.Microseconds);
            json.WriteNumber("trainingSamples", report.TrainingSamples);
            json.WriteNumber("heldOutSamples", report.HeldOutSamples);
            json.WriteNumber("classCount", report.ClassCount);
            json.WriteNumber("tolerance", report.Tolerance);
            json.WriteString("shallowestCut", report.ShallowestCut?.Name);
            json.WriteStartArray("layers");
            foreach (var layer in report.Layers)
            {
                json.WriteStartObject();
                json.WriteString("name", layer.Name);
                json.WriteString("featurePoint", layer.FeaturePoint);
                foreach (var (name, value) in DepthNumbers.Of(layer))
                    Write(json, name, value);
                json.WriteString("cutObstacle", layer.CutObstacle);
                json.WriteString("reason", layer.Reason);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void Write(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number)
            json.WriteNumber(name, number);
        else
            json.WriteNull(name);
    }
}
