namespace EtfNet;

/// <summary>
/// Which batches of an epoch are scored: one, drawn at random, in each run of a given length, so that no period of the training loop
/// coincides with the scoring.
/// </summary>
internal static class ScoringDraw
{
    // Above this number of classes, a scored batch costs proportionally more, and proportionally fewer are scored.
    private const int ManyClasses = 1000;

    /// <summary>Whether a batch is scored.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="epoch">The epoch.</param>
    /// <param name="index">The batch's number in it, from 0.</param>
    /// <param name="stride">One in so many is.</param>
    public static bool IsScored(long seed, int epoch, int index, int stride) =>
        SeededDraw.Below(stride, seed, epoch, index / stride) == index % stride;

    /// <summary>One in how many batches is scored, so that an epoch like the last one scores enough samples.</summary>
    /// <param name="options">What is wanted.</param>
    /// <param name="samples">How many samples the last epoch had.</param>
    /// <param name="batches">In how many batches.</param>
    /// <param name="classes">Of how many classes.</param>
    public static int Stride(NccMonitorOptions options, long samples, int batches, int classes)
    {
        var stride = (int)Math.Min((long)options.ScoreEvery * Math.Max(1, (classes + ManyClasses - 1) / ManyClasses), int.MaxValue);
        if (options.MinimumScored == 0)
            return stride;
        stride = Math.Min(stride, Math.Max(1, batches));
        while (stride > 1 && batches / stride * ((double)samples / batches) < options.MinimumScored)
            stride--;
        return stride;
    }
}
