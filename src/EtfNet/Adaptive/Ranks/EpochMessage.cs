using System.Text.Json;

namespace EtfNet;

/// <summary>What rank 0 sends to the others at the end of an epoch: a request for their samples, or what it decided.</summary>
internal static class EpochMessage
{
    /// <summary>The kind of state of a message that does not hold the whole training.</summary>
    public const string Kind = "ranks";

    private const string SampleName = "ranks.sample";
    private const string ReportName = "ranks.report";
    private const string PlanName = "ranks.plan";

    public static StateSet SampleRequest()
    {
        var request = new StateSet(Kind);
        request.Add(SampleName, "");
        return request;
    }

    public static bool AsksForSample(StateSet message) => message.Texts.ContainsKey(SampleName);

    /// <summary>Adds the report, and where layers have changed the plan.</summary>
    public static void Add(StateSet to, EtfReport report, IReadOnlyList<PlannedLayer>? plan)
    {
        if (plan is not null)
            to.Add(PlanName, JsonSerializer.Serialize(
                [.. plan.Select(layer => new RankPlanEntry(layer.Name, layer.InPlace, layer.ToJson()))],
                WatchedLayerJson.Default.ListRankPlanEntry));
        to.Add(ReportName, JsonSerializer.Serialize(report, WatchedLayerJson.Default.EtfReport));
    }

    public static EtfReport Report(StateSet message) =>
        JsonSerializer.Deserialize(message.Texts[ReportName], WatchedLayerJson.Default.EtfReport)!;

    /// <summary>The layers that are to be fixed; null where none has changed.</summary>
    public static IReadOnlyList<PlannedLayer>? Plan(StateSet message) => !message.Texts.TryGetValue(PlanName, out var plan) ? null :
    [
        .. JsonSerializer.Deserialize(plan, WatchedLayerJson.Default.ListRankPlanEntry)!
            .Select(entry => PlannedLayer.Read(entry.Layer, entry.Frame, entry.InPlace)),
    ];

    public static StateSet Receive(ICollective group, string purpose) =>
        RankBroadcast.Receive(group, 0, stream => SafetensorsReader.Read(stream), purpose);
}
