namespace EtfNet;

/// <summary>Takes what the forwards of one batch show, in whatever mode.</summary>
internal static class ForwardCapture
{
    /// <summary>
    /// What the forwards of one batch show. Where layers turn out to be called by <c>forward</c>, they are recorded from then on, and the
    /// batch is run again.
    /// </summary>
    /// <param name="forwards">The party that observes.</param>
    /// <param name="forward">Calls the model.</param>
    /// <param name="clock">What wants to know when features come; null for nobody.</param>
    /// <returns>What was seen; the caller disposes it.</returns>
    public static Forward Run(ObservedForwards forwards, Action forward, IFeatureClock? clock = null)
    {
        var seen = RunOnce(forwards, forward, clock);
        if (!forwards.Observer.Silent.Try(seen.Given))
            return seen;
        seen.Dispose();
        return RunOnce(forwards, forward, clock);
    }

    /// <summary>Whether a batch's labels are one per sample or one per position.</summary>
    /// <exception cref="ArgumentException">They fit neither.</exception>
    public static LabelKind KindOf(ObservedForwards forwards, Forward seen, LabelForm labels, string parameter)
    {
        var kinds = forwards.Kind != LabelKind.Unknown ? [forwards.Kind]
            : labels.ArePerPosition ? [LabelKind.PerPosition] : new[] { LabelKind.PerSample, LabelKind.PerPosition };
        foreach (var kind in kinds)
            if (seen.Features.Count == 0 || seen.Features.Exists(features => features.For(kind).shape[0] == labels.Count))
                return kind;
        var what = labels.ArePerPosition ? $"Labels of shape ({string.Join(", ", labels.Given)})" : Words.Count(labels.Count, "label");
        throw new ArgumentException($"{what} came for a forward of {Words.Count(seen.Samples, "sample")}.", parameter);
    }

    private static Forward RunOnce(ObservedForwards forwards, Action forward, IFeatureClock? clock)
    {
        var seen = new Forward { Scopes = ScopeChain.Current(), Clock = clock };
        try
        {
            using (forwards.Capture(seen))
                forward();
            // Where the model itself was not called, nothing has told the end.
            if (seen.Candidates.Count > 0)
                forwards.Complete(seen, null);
            return seen;
        }
        catch
        {
            seen.Dispose();
            throw;
        }
    }
}
