namespace EtfNet;

/// <summary>Where the features of a layer are taken.</summary>
public enum FeaturePoint
{
    /// <summary>
    /// In a <c>Sequential</c>, after the normalizations and activations that follow the layer (never past dropout or the next layer).
    /// Elsewhere, after the normalization that takes exactly the layer's output and nothing else, in every forward, or else the layer's
    /// own output. The report names the point.
    /// </summary>
    Auto,

    /// <summary>The layer's own output.</summary>
    OwnOutput,
}
