namespace EtfNet;

/// <summary>How the output of a layer becomes one feature vector a sample.</summary>
public enum FeaturePooling
{
    /// <summary>By rank: a matrix as it is, convolution maps by <see cref="SpatialMean"/>, token sequences by <see cref="TokenMean"/>.</summary>
    Auto,

    /// <summary>All dimensions after the first as one.</summary>
    Flatten,

    /// <summary>Mean over all dimensions after the second: (B, C, ...) to (B, C).</summary>
    SpatialMean,

    /// <summary>Mean over all dimensions between the first and the last: (B, ..., D) to (B, D).</summary>
    TokenMean,

    /// <summary>The first token: (B, T, D) to (B, D).</summary>
    ClassToken,
}
