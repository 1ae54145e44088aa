namespace EtfNet;

/// <summary>How much calibration may do at the end of an epoch. Counted in samples, not by a clock: a resumed run does the same.</summary>
/// <param name="Rows">The most samples to calibrate on, as long as whole batches still hold <paramref name="Least"/>.</param>
/// <param name="Least">How many samples to calibrate on at least, where there are so many.</param>
/// <param name="Forwards">How many forwards of one sample may be spent.</param>
internal readonly record struct CalibrationBudget(long Rows, long Least, double Forwards)
{
    /// <summary>On fewer samples no layer can be judged.</summary>
    private const int FewestRows = 256;

    /// <summary>The fewest passes that calibrate: one through the model as it is, one with a frame on trial.</summary>
    private const int FewestPasses = 2;

    /// <summary>What a training step costs, in forwards: the backward pass computes two products for each of the forward.</summary>
    private const int ForwardsPerStep = 3;

    /// <summary>The budget of an epoch.</summary>
    /// <param name="epochRows">The samples that the epoch trained on; null where that is not known, which sets no limit.</param>
    /// <param name="share">The share of the epoch's work that calibration may take.</param>
    /// <param name="samples">The most samples to calibrate on.</param>
    /// <param name="tries">How many layers are to be tried.</param>
    public static CalibrationBudget Of(long? epochRows, double share, int samples, int tries)
    {
        if (epochRows is not { } rows || double.IsPositiveInfinity(share))
            return new CalibrationBudget(samples, samples, double.PositiveInfinity);
        var forwards = share * ForwardsPerStep * rows;
        var affordable = (long)Math.Min(forwards / (1.0 + tries), samples);
        var least = affordable == samples ? samples : Math.Min(FewestRows, samples);
        return new CalibrationBudget(Math.Max(affordable, least), least, forwards);
    }

    /// <summary>How many passes over a number of samples may be made.</summary>
    public int Passes(long rows) => Forwards / Math.Max(1, rows) is var passes && passes >= int.MaxValue
        ? int.MaxValue
        : Math.Max(FewestPasses, (int)passes);
}
