using TorchSharp;

namespace EtfNet;

/// <summary>Shares work on the rows of a large batch among torch's threads; a training step's batch stays on its own thread.</summary>
internal static class RowThreads
{
    // What a training step takes for its rows is less than what it costs to share them.
    private const long LeastElements = 1 << 20;

    // More parts than threads, as some classes have more rows than others.
    private const int PartsOfAThread = 4;

    /// <summary>The number of parts to cut the work into; 1 where it is not worth it.</summary>
    public static int Parts(FeatureRows features)
    {
        if (features.Source is null || (long)features.Count * features.Width < LeastElements)
            return 1;
        var threads = torch.get_num_threads();
        return threads > 1 ? threads * PartsOfAThread : 1;
    }
}
