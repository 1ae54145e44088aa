using System.Diagnostics.Metrics;

namespace EtfNet;

/// <summary>The numbers of a report as instruments of the meter <c>EtfNet</c>, tagged with the layer: <c>etfnet.collapse.nccError</c> and
/// so on.</summary>
internal static class CollapseInstruments
{
    private static readonly Dictionary<string, Gauge<double>> Gauges = ReportNumbers
        .All(new LayerCollapse { Name = "", FeaturePoint = "" })
        .ToDictionary(entry => entry.Name, entry => EtfMeter.Meter.CreateGauge<double>("etfnet.collapse." + entry.Name));

    public static void Record(CollapseReport report)
    {
        foreach (var layer in report.Layers)
            foreach (var (name, value) in ReportNumbers.Of(layer))
                Gauges[name].Record(value, new KeyValuePair<string, object?>("layer", layer.Name));
    }
}
