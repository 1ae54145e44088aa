namespace EtfNet;

/// <summary>Where the features of a layer are taken.</summary>
public enum FeaturePoint
{
    /// <summary>
    /// After the normalizations and activations that follow the layer where a <c>Sequential</c> shows them (never past dropout or the next
    /// layer); elsewhere after the normalization that takes exactly the layer's output, as the first forward shows; else the own output.
    /// The
    /// report names the point.
    /// </summary>
    Auto,

    /// <summary>The layer's own output.</summary>
    OwnOutput,
}
