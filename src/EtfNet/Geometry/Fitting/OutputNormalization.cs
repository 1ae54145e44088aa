using static TorchSharp.torch;

namespace EtfNet;

/// <summary>What a normalization that takes exactly a layer's output makes of it, up to its own affine part: groups of features to mean 0
/// and variance 1.</summary>
/// <param name="Groups">How many groups of neighboring features there are; 0: nothing is normalized.</param>
/// <param name="PerSample">Whether each sample has statistics of its own; else they are those of all samples.</param>
/// <remarks>A row of outputs is one position of a map, and rows are drawn from all maps: where a normalization takes the statistics of one
/// map (group norm, instance norm), those of all stand for them.</remarks>
internal readonly record struct OutputNormalization(long Groups, bool PerSample = false)
{
    /// <summary>A variance below this share of the mean one is taken for it: a constant feature stays constant.</summary>
    private const double Floor = 1e-6;

    private const long OfOneFeature = long.MaxValue;

    /// <summary>No normalization follows.</summary>
    public static OutputNormalization None => default;

    /// <summary>Every output feature over the samples (batch norm with the batch's statistics).</summary>
    public static OutputNormalization Features => new(OfOneFeature);

    /// <summary>Every sample over its features (layer norm).</summary>
    public static OutputNormalization Samples => new(1, PerSample: true);

    /// <summary>Gets whether the mean of every feature is removed.</summary>
    public bool IsPerFeature => Groups == OfOneFeature;

    /// <summary>Groups of features over the samples, or each sample's over themselves (group norm; one group: layer norm over whole
    /// maps).</summary>
    public static OutputNormalization OfGroups(long groups, long features, bool perSample = false) =>
        groups == features && !perSample ? Features : new(groups, perSample);

    /// <summary>The outputs (N, K) as the normalization hands them on; of the current scope.</summary>
    public Tensor Apply(Tensor outputs)
    {
        if (Groups == 0)
            return outputs;
        using var scope = NewDisposeScope();
        var (grouped, mean, deviation) = Measure(outputs);
        return ((grouped - mean) / deviation).reshape(outputs.shape).MoveToOuterDisposeScope();
    }

    /// <summary>What a fit of the outputs (N, K) aims at: features that share their statistics weigh as they do behind the normalization;
    /// of the current scope.</summary>
    public Tensor Weigh(Tensor outputs)
    {
        if (Groups == 0 || PerSample)
            return outputs;
        using var scope = NewDisposeScope();
        var (grouped, _, deviation) = Measure(outputs);
        return (grouped * (outputs.square().mean().sqrt() / deviation)).reshape(outputs.shape).MoveToOuterDisposeScope();
    }

    private (Tensor Grouped, Tensor Mean, Tensor Deviation) Measure(Tensor outputs)
    {
        long[] over = PerSample ? [2] : [0, 2];
        var grouped = outputs.reshape(outputs.shape[0], Math.Min(Groups, outputs.shape[1]), -1);
        var mean = grouped.mean(over, keepdim: true);
        var variance = (grouped - mean).square().mean(over, keepdim: true);
        return (grouped, mean, maximum(variance, (variance.mean() * Floor) + double.Epsilon).sqrt());
    }
}
