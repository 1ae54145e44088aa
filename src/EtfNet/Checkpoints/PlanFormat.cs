using System.Text.Json;

namespace EtfNet;

/// <summary>Writes plans as JSON, and reads them.</summary>
internal static class PlanFormat
{
    private const int Version = 2;
    private const int VersionWithoutCuts = 1;
    private const string Remedy = "Write it again with EtfPlan.Save.";

    public static string Write(EtfPlan plan)
    {
        var (layers, cuts) = (plan.Layers, plan.Cuts);
        var document = new PlanDocument(
            cuts.Count == 0 ? VersionWithoutCuts : Version,
            [.. layers.Select(layer => new PlanEntry(layer.Name, layer.InPlace, layer.ToJson()))],
            cuts.Count == 0 ? null : [.. cuts.Select(CutEntry.From)]);
        return JsonSerializer.Serialize(document, PlanJson.Default.PlanDocument);
    }

    /// <exception cref="EtfStateException">It is not a plan, is of a newer version, or names an impossible frame.</exception>
    public static EtfPlan Read(string json)
    {
        try
        {
            return From(JsonSerializer.Deserialize(json, PlanJson.Default.PlanDocument)
                ?? throw Error(null, "it is a JSON null, not a plan of fixed layers"));
        }
        catch (JsonException exception)
        {
            throw Error(null, $"it is not a plan of fixed layers ({exception.Message.TrimEnd('.')})", exception);
        }
    }

    private static EtfPlan From(PlanDocument document)
    {
        if (document.Version is < VersionWithoutCuts or > Version)
            throw new EtfStateException(null, null,
                $"it is a plan of version {document.Version}; this library reads versions up to {Version}",
                document.Version > Version ? "Update EtfNet." : Remedy);
        var names = new HashSet<string>();
        var layers = new List<PlannedLayer>();
        foreach (var entry in document.Layers ?? throw Error(null, "it has no list of layers"))
        {
            if (entry is null)
                throw Error(null, "it has a layer that is null");
            if (string.IsNullOrWhiteSpace(entry.Layer) && document.Layers.Count > 1)
                throw Error(null, "it has a layer without a name");
            if (!names.Add(entry.Layer ?? ""))
                throw Error(entry.Layer, "the plan names this layer twice");
            layers.Add(Layer(entry));
        }

        var cuts = (document.Cuts ?? [])
            .Select(entry => entry ?? throw Error(null, "it has a cut that is null"))
            .Select(entry => entry.ToPlan(problem => Error(entry.Sequential, problem)))
            .ToList();
        if (cuts.GroupBy(cut => cut.Path).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw Error(twice.Key, "the plan cuts this Sequential twice");
        return new EtfPlan(layers, cuts);
    }

    private static PlannedLayer Layer(PlanEntry entry)
    {
        try
        {
            return PlannedLayer.Read(entry.Layer ?? "", entry.Frame ?? throw Error(entry.Layer, "the layer has no frame"), entry.InPlace);
        }
        catch (EtfStateException exception) when (exception.Entry is null)
        {
            throw new EtfStateException(null, entry.Layer ?? "", exception.Problem, exception.Remedy, exception);
        }
    }

    private static EtfStateException Error(string? layer, string problem, Exception? inner = null) =>
        new(null, layer, problem, Remedy, inner);
}
