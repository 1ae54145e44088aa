using System.Diagnostics.Metrics;

namespace EtfNet;

/// <summary>The library's one meter, <c>EtfNet</c>, and the instruments of fixes.</summary>
internal static class EtfMeter
{
    public static Meter Meter { get; } = new("EtfNet");

    /// <summary>Layers fixed, tagged with the layer and the frame.</summary>
    public static Counter<long> LayersFixed { get; } = Meter.CreateCounter<long>("etfnet.layers.fixed");

    /// <summary>Layers made trainable again, tagged with the layer.</summary>
    public static Counter<long> LayersReverted { get; } = Meter.CreateCounter<long>("etfnet.layers.reverted");
}
