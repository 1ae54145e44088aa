using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Turns an output into feature vectors, one per sample or one per position.</summary>
internal static class FeaturePooler
{
    /// <summary>
    /// The pooling that <see cref="FeaturePooling.Auto"/> takes for an output of this rank where labels are one per sample.
    /// </summary>
    public static FeaturePooling Resolve(FeaturePooling pooling, long rank, FeatureLayout layout) =>
        pooling != FeaturePooling.Auto ? pooling
        : rank <= 2 ? FeaturePooling.Flatten
        : layout == FeatureLayout.ChannelsFirst ? FeaturePooling.SpatialMean
        : FeaturePooling.TokenMean;

    /// <summary>
    /// Samples (or positions) x features, contiguous, without gradient and outside every scope; shares the output's storage where nothing
    /// had to be computed.
    /// </summary>
    /// <param name="output">(B, ...), of a floating type.</param>
    /// <param name="pooling">How.</param>
    /// <param name="layout">Where the features are.</param>
    /// <param name="copy">Whether the result must not share the output's storage.</param>
    /// <param name="mask">(B, T), not zero where a token counts, for token means; null where all count.</param>
    public static Tensor Pool(Tensor output, FeaturePooling pooling, FeatureLayout layout, bool copy = false, Tensor? mask = null)
    {
        var rank = output.dim();
        if (rank == 2 && !copy && output.is_contiguous())
            return output.detach().DetachFromDisposeScope();

        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var features = output.detach();
        features = rank < 2 ? features.reshape(-1, 1) : Resolve(pooling, rank, layout) switch
        {
            FeaturePooling.SpatialMean when rank > 2 => Mean(features.flatten(2), 2),
            FeaturePooling.TokenMean when rank > 2 && mask is not null => MaskedMean(features.flatten(1, rank - 2), mask),
            FeaturePooling.TokenMean when rank > 2 => Mean(features.flatten(1, rank - 2), 1),
            FeaturePooling.ClassToken when rank > 2 => features.flatten(1, rank - 2).select(1, 0),
            FeaturePooling.EachPosition when rank > 2 => EachPosition(features, layout),
            _ => features.flatten(1),
        };
        features = features.contiguous();
        return (copy ? features.clone() : features).DetachFromDisposeScope();
    }

    /// <summary>One row per label, where the pooling leaves it open whether that is a sample or a position.</summary>
    public static Tensor PoolByHand(Tensor output, long rows, FeaturePooling pooling, FeatureLayout layout) => Pool(
        output,
        pooling == FeaturePooling.Auto && output.dim() > 2 && output.shape[0] != rows
            && Positions(output.shape, layout) == rows
            ? FeaturePooling.EachPosition
            : pooling,
        layout);

    /// <summary>How many positions an output has: the product of all dimensions but that of the features.</summary>
    public static long Positions(ReadOnlySpan<long> shape, FeatureLayout layout)
    {
        var count = 1L;
        for (var i = 0; i < shape.Length; i++)
            if (shape.Length < 2 || i != (layout == FeatureLayout.ChannelsFirst ? 1 : shape.Length - 1))
                count *= shape[i];
        return count;
    }

    /// <summary>The pooling in words, for the report; null where a matrix needed none.</summary>
    public static string? Describe(FeaturePooling pooling, long rank, FeatureLayout layout) =>
        rank <= 2 ? null : Resolve(pooling, rank, layout) switch
        {
            FeaturePooling.SpatialMean => "spatial mean",
            FeaturePooling.TokenMean => "token mean",
            FeaturePooling.ClassToken => "class token",
            FeaturePooling.EachPosition => "each position",
            _ => "flattened",
        };

    // A mean rounded to 16 bits would lose what tells classes apart: the sums are float32 anyway.
    private static Tensor Mean(Tensor features, long dimension) =>
        features.dtype is ScalarType.BFloat16 or ScalarType.Float16
            ? features.mean([dimension], type: float32)
            : features.mean([dimension]);

    // A sample without any token has no mean: it becomes NaN, and is left out and counted.
    private static Tensor MaskedMean(Tensor features, Tensor mask)
    {
        var wide = features.dtype is ScalarType.BFloat16 or ScalarType.Float16 ? features.to(float32) : features;
        var counts = mask.to(features.device).ne(0).unsqueeze(2);
        return wide.masked_fill(counts.logical_not(), 0).sum([1L]) / counts.to(wide.dtype).sum([1L]);
    }

    private static Tensor EachPosition(Tensor features, FeatureLayout layout) =>
        (layout == FeatureLayout.ChannelsFirst ? features.movedim([1L], [-1L]) : features).flatten(0, features.dim() - 2);
}
