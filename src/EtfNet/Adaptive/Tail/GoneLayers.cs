namespace EtfNet;

/// <summary>Layers that a model no longer has.</summary>
/// <param name="Layers">Those that were watched.</param>
/// <param name="Fixes">Fixes of layers that were not watched.</param>
internal sealed record GoneLayers(IReadOnlyList<WatchedLayer> Layers, IReadOnlyList<LayerFix> Fixes)
{
    public static GoneLayers None { get; } = new([], []);

    /// <summary>All fixes among them.</summary>
    public IEnumerable<LayerFix> AllFixes => Layers.Select(layer => layer.Fix).OfType<LayerFix>().Concat(Fixes);
}
