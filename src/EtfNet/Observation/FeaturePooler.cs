using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Which dimension of an output holds the features.</summary>
internal enum FeatureLayout
{
    ChannelsLast,
    ChannelsFirst,
}

/// <summary>Turns an output into one feature vector a sample.</summary>
internal static class FeaturePooler
{
    /// <summary>The pooling that <see cref="FeaturePooling.Auto"/> takes for an output of this rank.</summary>
    public static FeaturePooling Resolve(FeaturePooling pooling, long rank, FeatureLayout layout) =>
        pooling != FeaturePooling.Auto ? pooling
        : rank <= 2 ? FeaturePooling.Flatten
        : layout == FeatureLayout.ChannelsFirst ? FeaturePooling.SpatialMean
        : FeaturePooling.TokenMean;

    /// <summary>Samples x features, contiguous, without gradient and outside every scope; shares the output's storage where nothing had to be computed.</summary>
    /// <param name="output">(B, ...), of a floating type.</param>
    /// <param name="pooling">How.</param>
    /// <param name="layout">Where the features are.</param>
    /// <param name="copy">Whether the result must not share the output's storage.</param>
    public static Tensor Pool(Tensor output, FeaturePooling pooling, FeatureLayout layout, bool copy = false)
    {
        var rank = output.dim();
        if (rank == 2 && !copy && pooling is FeaturePooling.Auto or FeaturePooling.Flatten && output.is_contiguous())
            return output.detach().DetachFromDisposeScope();

        using var scope = NewDisposeScope();
        var features = output.detach();
        features = rank < 2 ? features.reshape(-1, 1) : Resolve(pooling, rank, layout) switch
        {
            FeaturePooling.SpatialMean when rank > 2 => features.flatten(2).mean([2L]),
            FeaturePooling.TokenMean when rank > 2 => features.flatten(1, rank - 2).mean([1L]),
            FeaturePooling.ClassToken when rank > 2 => features.flatten(1, rank - 2).select(1, 0),
            _ => features.flatten(1),
        };
        features = features.contiguous();
        return (copy ? features.clone() : features).DetachFromDisposeScope();
    }

    /// <summary>The pooling in words, for the report; null where a matrix needed none.</summary>
    public static string? Describe(FeaturePooling pooling, long rank, FeatureLayout layout) => rank <= 2 ? null : Resolve(pooling, rank, layout) switch
    {
        FeaturePooling.SpatialMean => "spatial mean",
        FeaturePooling.TokenMean => "token mean",
        FeaturePooling.ClassToken => "class token",
        _ => "flattened",
    };
}
