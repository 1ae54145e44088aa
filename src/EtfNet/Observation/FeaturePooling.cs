namespace EtfNet;

/// <summary>How the output of a layer becomes feature vectors: one per sample, or one per position.</summary>
public enum FeaturePooling
{
    /// <summary>
    /// By the labels and the rank: where labels are one per position, <see cref="EachPosition"/>; otherwise a matrix as it is, feature maps
    /// by <see cref="SpatialMean"/>, token sequences by <see cref="TokenMean"/>.
    /// </summary>
    Auto,

    /// <summary>All dimensions after the first as one.</summary>
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
