using System.Text.Json;

namespace EtfNet;

/// <summary>A scheduler's report as JSON.</summary>
internal static class EtfReportJson
{
    /// <summary>Writes the properties of the report's object.</summary>
    public static void Write(Utf8JsonWriter json, EtfReport report)
    {
        json.WriteNumber("version", 1);
        json.WriteNumber("epoch", report.Epoch);
        json.Whole("effectiveDepth", report.EffectiveDepth);
        json.WriteNumber("unlabeledForwards", report.UnlabeledForwards);
        json.WriteNumber("parametersInReach", report.ParametersInReach);
        json.WriteNumber("parametersOutOfReach", report.ParametersOutOfReach);
        json.Objects("layers", report.Layers, layer => Write(json, layer));
        json.Strings("fixedLayers", report.FixedLayers.Select(layer => layer.Name));
        json.Strings("newlyFixed", report.NewlyFixed.Select(layer => layer.Name));
        json.Strings("reverted", report.Reverted);
        json.Objects("skipped", report.Skipped, layer =>
        {
            json.WriteString("name", layer.Name);
            json.WriteString("reason", layer.Reason);
            json.WriteNumber("parameters", layer.Parameters);
        });
        json.Strings("remarks", report.Remarks);
        if (report.Tail is { } tail)
            Write(json, tail);
    }

    private static void Write(Utf8JsonWriter json, EtfTailReport tail)
    {
        json.WriteStartObject("tail");
        json.WriteString("decision", tail.Decision.Reason.ToString());
        json.WriteString("note", tail.Note);
        json.WriteBoolean("isOnTrial", tail.IsOnTrial);
        if (tail.Cut is { } cut)
        {
            json.WriteStartObject("cut");
            json.WriteString("layer", cut.Layer);
            json.WriteNumber("epoch", cut.Epoch);
            json.Strings("removedModules", cut.RemovedModules);
            json.WriteNumber("parametersBefore", cut.ParametersBefore);
            json.WriteNumber("parametersAfter", cut.ParametersAfter);
            json.Number("accuracyBefore", cut.AccuracyBefore);
            json.Number("accuracyAfter", cut.AccuracyAfter);
            json.WriteNumber("samples", cut.Samples);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("cut");
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, EtfLayerReport layer)
    {
        json.WriteString("name", layer.Name);
        json.Number("nccError", layer.NccError);
        json.Number("nccErrorLow", layer.Interval?.Low);
        json.Number("nccErrorHigh", layer.Interval?.High);
        json.WriteBoolean("isFixed", layer.IsFixed);
        json.WriteBoolean("isOnTrial", layer.IsOnTrial);
        json.WriteString("decision", layer.Decision.Reason.ToString());
        json.WriteString("note", layer.Note);
        if (layer.Fix is not { } fix)
        {
            json.WriteNull("fix");
            return;
        }

        json.WriteStartObject("fix");
        json.WriteNumber("epoch", fix.Epoch);
        json.WriteString("frame", fix.Frame.ToString());
        json.Whole("rank", fix.Rank);
        json.Number("nccError", fix.NccError);
        json.Number("outputError", fix.OutputError);
        json.Number("lossBefore", fix.LossBefore);
        json.Number("lossAfter", fix.LossAfter);
        json.WriteNumber("parametersFixed", fix.ParametersFixed);
        json.WriteString("inPlaceReason", fix.InPlaceReason);
        json.WriteEndObject();
    }
}
