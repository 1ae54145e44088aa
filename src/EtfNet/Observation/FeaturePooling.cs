namespace EtfNet;

/// <summary>How the output of a layer becomes feature vectors: one per sample, or one per position.</summary>
public enum FeaturePooling
{
    /// <summary>
    /// Chosen by the labels and the number of dimensions. If there is one label per position, <see cref="EachPosition"/>; otherwise a
    /// matrix is used as it is, feature maps are pooled by <see cref="SpatialMean"/>, and token sequences by <see cref="TokenMean"/>.
    /// </summary>
    Auto,

    /// <summary>All dimensions after the first, flattened to one.</summary>
    Flatten,

    /// <summary>Mean over all dimensions after the second: (B, C, ...) to (B, C).</summary>
    SpatialMean,

    /// <summary>Mean over all dimensions between the first and the last: (B, ..., D) to (B, D).</summary>
    TokenMean,

    /// <summary>The first token: (B, T, D) to (B, D).</summary>
    ClassToken,

    /// <summary>One vector per position, for labels per position: (B, T, D) to (B T, D), (B, C, H, W) to (B H W, C).</summary>
    EachPosition,
}
