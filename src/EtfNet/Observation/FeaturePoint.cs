namespace EtfNet;

/// <summary>Where the features of a layer are taken.</summary>
public enum FeaturePoint
{
    /// <summary>After the normalizations and activations that follow the layer where a <c>Sequential</c> shows them (never past dropout or the next layer); elsewhere the own output.</summary>
    Auto,

    /// <summary>The layer's own output.</summary>
    OwnOutput,
}
