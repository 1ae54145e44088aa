using System.Text.Json;

namespace EtfNet;

/// <summary>A history as JSON.</summary>
internal static class HistoryJson
{
    public static string Write(EtfHistory history) => JsonText.Object(json =>
    {
        json.WriteNumber("version", 1);
        json.WriteString("title", history.Title);
        json.Number("epsilon", history.Epsilon);
        json.Objects("epochs", history.Epochs, epoch => Write(json, epoch));
    });

    private static void Write(Utf8JsonWriter json, EtfHistoryEpoch epoch)
    {
        json.Number("loss", epoch.Figures.Loss);
        json.Number("accuracy", epoch.Figures.Accuracy);
        json.Number("seconds", epoch.Figures.Seconds);
        if (epoch.Figures.Footprint is { } footprint)
        {
            json.WriteStartObject("footprint");
            json.WriteNumber("trainableParameters", footprint.TrainableParameters);
            json.WriteNumber("fixedParameters", footprint.FixedParameters);
            json.WriteNumber("storedParameters", footprint.StoredParameters);
            json.WriteNumber("weightBytes", footprint.WeightBytes);
            json.WriteNumber("gradientBytes", footprint.GradientBytes);
            json.WriteNumber("optimizerBytes", footprint.OptimizerBytes);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("footprint");
        }

        json.WriteStartObject("report");
        EtfReportJson.Write(json, epoch.Report);
        json.WriteEndObject();
    }
}
