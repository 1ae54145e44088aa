using static TorchSharp.torch;

namespace EtfNet;

/// <summary>What a normalization that takes exactly a layer's output makes of it, up to its own affine part: it forgives
/// stretching.</summary>
internal enum OutputNormalization
{
    /// <summary>No normalization follows.</summary>
    None,

    /// <summary>Every output feature to mean 0 and variance 1 over the samples (batch norm with the batch's statistics).</summary>
    Features,

    /// <summary>Every sample to mean 0 and variance 1 over its features (layer norm).</summary>
    Samples,
}

/// <summary>Applies a normalization to rows of outputs.</summary>
internal static class OutputNormalizations
{
    /// <summary>A variance below this share of the mean one is taken for it: a constant feature stays constant.</summary>
    private const double Floor = 1e-6;

    /// <summary>The outputs (N, K) as the normalization hands them on; of the current scope.</summary>
    public static Tensor Apply(this OutputNormalization normalization, Tensor outputs)
    {
        if (normalization == OutputNormalization.None)
            return outputs;
        using var scope = NewDisposeScope();
        long[] over = [normalization == OutputNormalization.Features ? 0 : 1];
        var centered = outputs - outputs.mean(over, keepdim: true);
        var variance = centered.square().mean(over, keepdim: true);
        var floor = variance.mean() * Floor + double.Epsilon;
        return (centered / maximum(variance, floor).sqrt()).MoveToOuterDisposeScope();
    }
}
