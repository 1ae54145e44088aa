namespace EtfNet.Samples;

internal static class EtfReportExtensions
{
    public static IReadOnlyList<FixedLayer> ToFixedLayers(this EtfReport report) =>
        [.. report.FixedLayers.Select(layer => new FixedLayer(layer.Layer, layer.Epoch, layer.Frame, layer.Rank))];
}
