using TorchSharp;

namespace EtfNet;

/// <summary>Shares work on the rows of a large batch among as many threads as torch takes; a training step's batch stays on its own thread.</summary>
internal static class RowThreads
{
    // Below a few megabytes the work is done before another thread has woken up.
    private const long LeastElements = 1 << 20;

    // More parts than threads, so that a thread that is held up does not hold up the others.
    private const int PartsOfAThread = 4;

    /// <summary>The number of parts to cut the work into; 1 where it is not worth it.</summary>
    public static int Parts(FeatureRows features)
    {
        if (features.Source is null || (long)features.Count * features.Width < LeastElements)
            return 1;
        var threads = torch.get_num_threads();
        return threads > 1 ? threads * PartsOfAThread : 1;
    }

    /// <summary>Runs parts <c>0 .. count - 1</c>, each on some thread, and waits for all.</summary>
    public static void Run(int count, Action<int> part) => Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = torch.get_num_threads() }, part);
}
