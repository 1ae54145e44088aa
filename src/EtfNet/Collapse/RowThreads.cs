using TorchSharp;

namespace EtfNet;

/// <summary>Shares work on the rows of a batch among torch's threads.</summary>
internal static class RowThreads
{
    // Half a training step's batch of 128 rows of 1024: right after the step its rows are in no core's cache, and two cores read faster.
    private const long LeastElements = 1 << 16;

    private const long ManyElements = 1 << 20;

    // More parts than threads, as some classes have more rows than others.
    private const int PartsOfAThread = 4;

    /// <summary>Whether a batch is larger than those of training steps.</summary>
    public static bool AreMany(FeatureRows features) => (long)features.Count * features.Width >= ManyElements;

    /// <summary>The number of parts to cut the work into; 1 where it is not worth it.</summary>
    public static int Parts(FeatureRows features)
    {
        if (features.Source is null || (long)features.Count * features.Width < LeastElements)
            return 1;
        var threads = torch.get_num_threads();
        return threads > 1 && AreMany(features) ? threads * PartsOfAThread : threads;
    }
}
